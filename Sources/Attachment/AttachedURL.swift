/// A metrics page as users name it.
public enum AttachedURL {
  /// `host:8000`, `http://host:8000` and `http://host:8000/metrics` all name the same page; nil for what is no URL.
  public static func page(_ text: String) -> String? {
    guard let (url, path) = parts(text) else { return nil }
    return path.isEmpty || path == "/" ? url.prefix(url.count - path.count) + "/metrics" : url
  }

  /// What the API of a server lies under: `host:9090` or `http://host/prometheus/`; nil for what is no URL.
  static func server(_ text: String) -> String? {
    guard let (url, path) = parts(text), !path.contains("?") else { return nil }
    return url.hasSuffix("/") ? String(url.dropLast()) : url
  }

  /// The whole URL, and its path and query.
  private static func parts(_ text: String) -> (url: String, path: Substring)? {
    let hasScheme = text.hasPrefix("http://") || text.hasPrefix("https://")
    guard hasScheme || !text.contains("://") else { return nil }
    let url = hasScheme ? text : "http://" + text
    let rest = url.drop { $0 != "/" }.dropFirst(2)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.isEmpty, !authority.contains(" ") else { return nil }
    return (url, rest.dropFirst(authority.count))
  }

  /// `host:port` of a page, without a name and password before it.
  static func place(_ page: String) -> String {
    let authority = page.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
    return String(authority.split(separator: "@").last ?? "")
  }
}
