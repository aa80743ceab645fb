/// Who asks: the holder of an API key, or anyone where none is asked for.
struct Caller: Equatable, Sendable {
  /// The name of the key; empty for anyone.
  let name: String
  /// Requests that it may have under way at all replicas together; nil sets no limit.
  var maxOngoingRequests: Int?
  /// Where they are counted on the load board; nil where they are not.
  var slot: Int?

  /// Anyone, where no key is asked for.
  static let anyone = Caller(name: "")
}
