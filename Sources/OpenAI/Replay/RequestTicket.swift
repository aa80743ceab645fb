/// What the ingress says of a request to whichever rank serves it, so that any other rank can go on with it.
///
/// Travels as `X-Dpdeploy-Request: seed=…;created=…;id=…`. A rank that gets one draws by the ticket's seed (where the
/// request names none), answers under the ticket's id, and tells the tokens of a stream in comments.
public struct RequestTicket: Sendable, Equatable {
  /// The header field's name.
  public static let field = "X-Dpdeploy-Request"

  /// The request's id, of which the answer's id is made.
  public var id: String
  /// The seed of its draws, unless its body has one.
  public var seed: UInt64
  /// When it arrived, in seconds since 1970.
  public var created: Int

  /// A ticket.
  public init(id: String, seed: UInt64, created: Int) {
    self.id = id
    self.seed = seed
    self.created = created
  }

  /// Reads a header field's value; nil when it is none of ours.
  public init?(parsing text: String) {
    let parts = text.split(separator: ";", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasPrefix("seed="), parts[1].hasPrefix("created="),
      parts[2].hasPrefix("id="), let seed = UInt64(parts[0].dropFirst(5)),
      let created = Int(parts[1].dropFirst(8))
    else { return nil }
    self.init(id: String(parts[2].dropFirst(3)), seed: seed, created: created)
  }

  /// The header field's value.
  public var text: String { "seed=\(seed);created=\(created);id=\(id)" }
}
