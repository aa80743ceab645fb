/// One thing the reader has to say about what a user wrote.
public struct Diagnostic: Error, Sendable, Equatable, CustomStringConvertible {
  /// How much it matters.
  public enum Severity: String, Sendable, Comparable, CaseIterable {
    /// Worth knowing; nothing to do.
    case note
    /// Accepted, but probably not what was meant.
    case warning
    /// The manifest cannot be used.
    case error

    /// Orders by weight: note, warning, error.
    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int { Severity.allCases.firstIndex(of: self) ?? 0 }
  }

  /// How much it matters.
  public let severity: Severity
  /// What kind of remark it is; stable between versions.
  public let code: DiagnosticCode
  /// What is wrong, in one sentence without a full stop.
  public let message: String
  /// The file's name as the user wrote it; nil when the remark is about no file.
  public let file: String?
  /// Where it is; nil when it is about the whole file.
  public let span: SourceSpan?
  /// Why it matters, or what else belongs to it.
  public let note: String?
  /// What to write instead.
  public let help: String?

  /// Makes a remark; the severity is the code's own unless given.
  public init(
    _ code: DiagnosticCode, _ message: String, file: String? = nil, span: SourceSpan? = nil,
    note: String? = nil, help: String? = nil, severity: Severity? = nil
  ) {
    self.severity = severity ?? code.severity
    self.code = code
    self.message = message
    self.file = file
    self.span = span
    self.note = note
    self.help = help
  }

  /// The same remark about a file.
  public func inFile(_ name: String) -> Diagnostic {
    Diagnostic(code, message, file: name, span: span, note: note, help: help, severity: severity)
  }

  /// `file:line:column: severity[code]: message`, the form editors and greps understand.
  public var description: String {
    var place = file.map { $0 + ":" } ?? ""
    if let span { place += "\(span.line):\(span.column):" }
    return (place.isEmpty ? "" : place + " ") + "\(severity.rawValue)[\(code)]: \(message)"
  }
}
