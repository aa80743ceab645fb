/// A request for a page.
public struct WebRequest: Sendable, Hashable {
  /// Where it is, `http://` or `https://`.
  public var url: String
  /// A bearer token to send; nil sends none.
  public var bearerToken: String?
  /// The method.
  public var method: String
  /// JSON to send; nil sends none.
  public var body: String?

  /// A request for the page at `url`.
  public init(url: String, bearerToken: String? = nil, method: String = "GET", body: String? = nil) {
    self.url = url
    self.bearerToken = bearerToken
    self.method = method
    self.body = body
  }
}

/// What a server answered.
public struct WebResponse: Sendable {
  /// The HTTP status.
  public let status: Int
  /// The body; empty where it went into a sink.
  public let body: [UInt8]
}

/// What takes an answer's body piece by piece.
public protocol WebSink: Sendable {
  /// Takes the next bytes; false ends the transfer.
  mutating func take(_ piece: UnsafeRawBufferPointer) -> Bool
}

/// Why there is no answer.
public enum WebError: Error, Sendable, Hashable, CustomStringConvertible {
  /// libcurl's reason.
  case failed(url: String, reason: String)
  /// The deadline came first.
  case timedOut(url: String)
  /// The answer was longer than anything sensible.
  case tooLarge(url: String, limit: Int)

  /// A message that names the page.
  public var description: String {
    switch self {
    case .failed(let url, let reason): "\(url): \(reason)"
    case .timedOut(let url): "\(url): no answer in time"
    case .tooLarge(let url, let limit): "\(url): the answer is longer than \(limit >> 20) MiB"
    }
  }
}
