public import Manifest

/// Diagnostics as one JSON object, for editors and scripts.
public enum DiagnosticJSON {
  /// The version of the object's form; it grows only by new keys.
  public static let schemaVersion = "1.0"

  /// `{"apiVersion", "kind": "Diagnostics", "schemaVersion", "errors", "warnings", "diagnostics": [...]}` on one line.
  public static func object(_ diagnostics: [Diagnostic]) -> Value {
    .map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)),
      .init("kind", .text("Diagnostics")),
      .init("schemaVersion", .text(schemaVersion)),
      .init("errors", .integer(diagnostics.count { $0.severity == .error })),
      .init("warnings", .integer(diagnostics.count { $0.severity == .warning })),
      .init("diagnostics", .list(diagnostics.map(object))),
    ])
  }

  private static func object(_ diagnostic: Diagnostic) -> Value {
    .map([
      .init("severity", .text(diagnostic.severity.rawValue)),
      .init("code", .text(diagnostic.code.description)),
      .init("message", .text(diagnostic.message)),
      .init("file", text(diagnostic.file)),
      .init("line", diagnostic.span.map { .integer($0.line) } ?? .null),
      .init("column", diagnostic.span.map { .integer($0.column) } ?? .null),
      .init("length", diagnostic.span.map { .integer($0.length) } ?? .null),
      .init("note", text(diagnostic.note)),
      .init("help", text(diagnostic.help)),
    ])
  }

  private static func text(_ string: String?) -> Value { string.map { .text($0) } ?? .null }
}
