import Glibc

/// Where programs lie.
public enum SearchPath {
  /// The paths to try, best first: `name` itself where it is a path, else it in the folders of `variable`, then in those
  /// that Debian keeps programs of the system in and that are not on a user's `PATH`.
  public static func candidates(_ name: String, variable: String) -> [String] {
    guard !name.contains("/") else { return [name] }
    let folders = variable.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin"]
    return folders.map { "\($0)/\(name)" }
  }

  /// The program `name` that this process would run; nil when there is none.
  public static func find(_ name: String) -> String? {
    candidates(name, variable: Environment["PATH"] ?? "").first { access($0, X_OK) == 0 }
  }
}
