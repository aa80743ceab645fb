/// What a request says that matters for the choice of its rank.
public struct RoutingRequest: Equatable, Sendable {
  /// The rank number that the caller insists on.
  public var pinned: Int?
  /// A hash of what its session is known by.
  public var session: UInt64?
  /// Hashes of its prompt's blocks, each of all text up to the block's end.
  public var prefix: [UInt64]
  /// The adapter that it asks for; nil asks for the model itself.
  public var adapter: String?

  /// A request.
  public init(
    pinned: Int? = nil, session: UInt64? = nil, prefix: [UInt64] = [], adapter: String? = nil
  ) {
    self.pinned = pinned
    self.session = session
    self.prefix = prefix
    self.adapter = adapter
  }
}
