/// How changed groups replace the old ones.
public struct ReplacementRule: Sendable, Equatable, Codable, EmptyByDefault {
  /// Whether a further group serves meanwhile, where there is room for one.
  public var surges = true
  /// Groups that may be down at once; nil for all of them.
  public var most: Int? = 1

  /// One after the other, behind a further group where there is room.
  public init() {}
}
