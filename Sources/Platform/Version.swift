/// The version of all tools, which are released together.
public enum Version {
  /// `MAJOR.MINOR.PATCH`.
  public static let current = "0.1.0"
}
