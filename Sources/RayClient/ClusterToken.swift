import Platform

/// Where a cluster's token is: it is read for every call, so that a new one is taken at once, and never kept.
public struct ClusterToken: Sendable, Equatable {
  /// A file; nil takes Ray's own places.
  public let file: String?

  /// Reads the token from `file`, or else where Ray's own tools look.
  public init(file: String?) { self.file = file }

  /// The token; nil when there is none.
  public func read() -> String? {
    if let file { return Self.content(of: file) }
    if let token = Environment["RAY_AUTH_TOKEN"], !token.isEmpty { return token }
    let home = Environment["HOME"].map { $0 + "/.ray/auth_token" }
    return (Environment["RAY_AUTH_TOKEN_PATH"] ?? home).flatMap(Self.content)
  }

  private static func content(of file: String) -> String? {
    let text = try? FileContent.text(of: file)
    return text?.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}
