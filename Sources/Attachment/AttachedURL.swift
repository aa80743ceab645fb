/// A metrics page as users name it.
public enum AttachedURL {
  /// `host:8000`, `http://host:8000` and `http://host:8000/metrics` all name the same page; nil for what is no URL.
  public static func page(_ text: String) -> String? {
    let hasScheme = text.hasPrefix("http://") || text.hasPrefix("https://")
    guard hasScheme || !text.contains("://") else { return nil }
    let url = hasScheme ? text : "http://" + text
    let rest = url.drop { $0 != "/" }.dropFirst(2)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.isEmpty, !authority.contains(" ") else { return nil }
    let path = rest.dropFirst(authority.count)
    return path.isEmpty || path == "/" ? url.prefix(url.count - path.count) + "/metrics" : url
  }

  /// `host:port` of a page.
  static func place(_ page: String) -> String {
    String(page.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" })
  }
}
