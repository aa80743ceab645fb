/// The version of all tools; they are built and installed together.
public enum ProductVersion {
  /// Semantic version.
  public static let current = "0.1.0"
}
