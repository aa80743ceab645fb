/// Which log lines are asked for: the parameters of `/v1/logs`.
public struct LogQuery: Sendable, Hashable {
  /// Of this replica alone, by its id; nil does not choose by it.
  public var replica: String?
  /// Of the ranks of this group alone.
  public var group: Int?
  /// Of ranks of this number alone.
  public var rank: Int?
  /// Of this life of each rank; nil means its newest, and with a cursor what follows.
  public var epoch: Int?
  /// Of the life before each rank's newest.
  public var isPrevious = false
  /// Lines that hold this text alone.
  public var text: String?
  /// Lines written at this time or later, RFC 3339 in UTC to the millisecond.
  public var since: String?
  /// The last lines of each file, where no cursor is given; nil leaves that to the controller.
  public var tail: Int?
  /// Where the page before ended.
  public var cursor: String?

  /// All lines of all replicas.
  public init() {}

  /// The last `tail` lines of each replica's newest life, or what came after `cursor`.
  public init(replica: String?, tail: Int? = nil, cursor: String? = nil) {
    self.replica = replica
    self.tail = tail
    self.cursor = cursor
  }

  /// Reads the parameters of a request, each by its name.
  public init(parameters value: (_ name: String) -> String?) {
    func number(_ name: String) -> Int? { value(name).flatMap { Int($0) }.map { max(0, $0) } }
    replica = value("replica")
    group = number("group")
    rank = number("rank")
    epoch = number("epoch")
    isPrevious = value("previous") == "true"
    text = value("text")
    since = value("since")
    tail = number("tail")
    cursor = value("cursor")
  }

  /// The parameters that are given, in a fixed order.
  public var parameters: [(name: String, value: String)] {
    let all: [(String, String?)] = [
      ("replica", replica), ("group", group.map(String.init)), ("rank", rank.map(String.init)),
      ("epoch", epoch.map(String.init)), ("previous", isPrevious ? "true" : nil), ("text", text),
      ("since", since), ("tail", tail.map(String.init)), ("cursor", cursor),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }
}
