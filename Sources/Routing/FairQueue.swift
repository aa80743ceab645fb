/// Requests that wait: by priority, in turn between callers, and for each caller first come, first served.
///
/// Among callers it is start-time fair queueing (Goyal, Vin and Cheng 1996) with requests as the unit: a caller with a
/// thousand requests gets no more turns than one with ten, and one that comes new is not owed for its absence.
public struct FairQueue<Element: Sendable>: Sendable {
  /// A waiting request.
  public struct Entry: Sendable {
    /// Names the entry for ``FairQueue/remove(_:priority:caller:)``.
    public let id: Int
    /// A lower number goes first.
    public let priority: Int
    /// Who asks.
    public let caller: String
    /// When it came, on any clock that does not go back.
    public let arrival: UInt64
    /// What waits.
    public let element: Element
  }

  private struct Line: Sendable {
    var turn = 0.0
    var entries: [Entry] = []

    mutating func add(_ entry: Entry, now: Double) {
      if entries.isEmpty { turn = max(turn, now) }
      entries.insert(entry, at: entries.lastIndex { $0.arrival <= entry.arrival }.map { $0 + 1 } ?? 0)
    }
  }

  private struct Level: Sendable {
    let priority: Int
    var now = 0.0
    var lines: [String: Line] = [:]
  }

  private var levels: [Level] = []
  private var lastID = 0
  /// How many wait.
  public private(set) var count = 0

  /// A queue in which nobody waits.
  public init() {}

  /// Whether nobody waits.
  public var isEmpty: Bool { count == 0 }

  /// All that wait, in no order.
  public var elements: [Element] {
    levels.flatMap { $0.lines.values.flatMap { $0.entries.map(\.element) } }
  }

  /// Who is next; nil when nobody waits.
  public var first: Entry? {
    guard !isEmpty, let level = levels.first, let caller = Self.next(of: level) else { return nil }
    return level.lines[caller]?.entries.first
  }

  /// Lets a request wait and returns its id; of one caller's requests an earlier arrival goes first.
  public mutating func add(
    _ element: Element, priority: Int = 0, caller: String = "", arrival: UInt64
  ) -> Int {
    lastID += 1
    let entry = Entry(
      id: lastID, priority: priority, caller: caller, arrival: arrival, element: element)
    let place = level(of: priority)
    levels[place].lines[caller, default: Line()].add(entry, now: levels[place].now)
    count += 1
    return lastID
  }

  /// Takes out who is next and charges its caller a turn; nil when nobody waits.
  public mutating func popFirst() -> Entry? {
    guard !levels.isEmpty, let caller = Self.next(of: levels[0]) else { return nil }
    levels[0].now = levels[0].lines[caller]?.turn ?? 0
    levels[0].lines[caller]?.turn += 1
    let entry = levels[0].lines[caller]?.entries.removeFirst()
    forgetEmpty(level: 0)
    return entry
  }

  /// Takes out an entry whose request has left; nothing when it is gone already.
  public mutating func remove(_ id: Int, priority: Int = 0, caller: String = "") {
    guard let place = levels.firstIndex(where: { $0.priority == priority }),
      let position = levels[place].lines[caller]?.entries.firstIndex(where: { $0.id == id })
    else { return }
    levels[place].lines[caller]?.entries.remove(at: position)
    forgetEmpty(level: place)
  }

  /// Counts one out; a caller that has nobody waiting is remembered while its turn still says something.
  private mutating func forgetEmpty(level place: Int) {
    count -= 1
    let now = levels[place].now
    levels[place].lines = levels[place].lines.filter { !$0.value.entries.isEmpty || $0.value.turn > now }
    if levels[place].lines.values.allSatisfy(\.entries.isEmpty) { levels.remove(at: place) }
  }

  private mutating func level(of priority: Int) -> Int {
    let place = levels.firstIndex { $0.priority >= priority } ?? levels.endIndex
    if place == levels.endIndex || levels[place].priority != priority {
      levels.insert(Level(priority: priority), at: place)
    }
    return place
  }

  /// The caller whose turn comes first; among equals the one whose request came first.
  private static func next(of level: Level) -> String? {
    var best: (turn: Double, arrival: UInt64, caller: String)?
    for (caller, line) in level.lines {
      guard let entry = line.entries.first else { continue }
      let candidate = (line.turn, entry.arrival, caller)
      if best.map({ candidate < $0 }) ?? true { best = candidate }
    }
    return best?.caller
  }
}
