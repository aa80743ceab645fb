/// The Ray cluster that `backend: ray` deploys on.
public struct ClusterSettings: Sendable, Equatable {
  /// Its dashboard's address as a URL without a path; nil when the manifest names none.
  public let address: String?
  /// A file with the cluster's token; nil takes Ray's own places.
  ///
  /// It is as the manifest writes it: ``ModelLookup/path(of:)`` makes it absolute.
  public let tokenFile: String?
  /// The path below which the application answers at Serve's port.
  public let routePrefix: String

  init(_ checked: Checker) {
    address = checked.text(FieldPath.clusterAddress).map(Self.url)
    tokenFile = checked.text(FieldPath.tokenFile)
    routePrefix = checked.text(FieldPath.routePrefix) ?? "/"
  }

  /// `host`, `host:port` or a URL, as a URL with scheme and port.
  static func url(_ address: String) -> String {
    var rest = address[...]
    while rest.hasSuffix("/") { rest = rest.dropLast() }
    let (scheme, authority): (Substring, Substring)
    if let mark = rest.firstRange(of: "://") {
      (scheme, authority) = (rest[..<mark.lowerBound], rest[mark.upperBound...])
    } else {
      (scheme, authority) = ("http", rest)
    }
    let lastGroup = authority.split(separator: "]", omittingEmptySubsequences: false).last ?? ""
    let hasPort = lastGroup.contains(":")
    return "\(scheme)://\(authority)" + (hasPort || scheme == "https" ? "" : ":8265")
  }
}
