/// Which group each block or gang is: it keeps its number as long as it lives, and what takes its place gets that.
///
/// Ray knows its ids only, which are new whenever something is started again.
public struct GroupNumbers: Sendable, Equatable {
  private var holders: [Int: String] = [:]
  private var vacant: Set<Int> = []
  /// How often each number got another holder, as the former one had died.
  public private(set) var restarts: [Int: Int] = [:]

  /// No groups yet.
  public init() {}

  /// The number of each id.
  public var numbers: [String: Int] { Dictionary(uniqueKeysWithValues: holders.map { ($1, $0) }) }

  /// Takes over which ids there are, in the order in which new ones are numbered.
  ///
  /// - Parameter isCalm: whether nobody changed anything, so that who is gone has died.
  /// - Returns: the numbers whose holders died since.
  public mutating func note(_ ids: [String], isCalm: Bool) -> [Int] {
    let gone = holders.filter { !ids.contains($0.value) }.keys.sorted()
    for number in gone { holders[number] = nil }
    if isCalm { vacant.formUnion(gone) } else { (vacant, restarts) = ([], [:]) }
    // Who was started while the former holder still ended moves into its place.
    let beyond = holders.filter { $0.key >= ids.count }.sorted { $0.key < $1.key }
    for (number, _) in beyond { holders[number] = nil }
    let known = Set(holders.values)
    for id in beyond.map(\.value)
      + ids.filter({ id in !known.contains(id) && !beyond.contains { $0.value == id } })
    {
      let number = (0...holders.count).first { holders[$0] == nil } ?? holders.count
      holders[number] = id
      if vacant.remove(number) != nil { restarts[number, default: 0] += 1 }
    }
    return isCalm ? gone : []
  }
}
