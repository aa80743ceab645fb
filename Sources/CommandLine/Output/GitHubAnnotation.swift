public import Manifest

/// A diagnostic as GitHub Actions shows it beside the line that it is about.
public enum GitHubAnnotation {
  /// Whether annotations are wanted: GitHub sets `GITHUB_ACTIONS` where its runner reads what is printed.
  public static func isWanted(_ variable: (String) -> String?) -> Bool {
    variable("GITHUB_ACTIONS") == "true"
  }

  /// `::error file=app.yaml,line=8,col=23,endColumn=24,title=uneven-nodes::MESSAGE`, note and help below the message.
  public static func line(_ diagnostic: Diagnostic) -> String {
    let command = diagnostic.severity == .note ? "notice" : diagnostic.severity.rawValue
    var properties: [String] = []
    if let file = diagnostic.file { properties.append("file=" + property(file)) }
    if let span = diagnostic.span {
      properties += ["line=\(span.line)", "col=\(span.column)", "endColumn=\(span.column + span.length)"]
    }
    properties.append("title=" + property(diagnostic.code.description))
    let remarks = [diagnostic.note, diagnostic.help.map { "help: " + $0 }].compactMap(\.self)
    let text = ([diagnostic.message] + remarks).joined(separator: "\n")
    return "::\(command) \(properties.joined(separator: ","))::\(message(text))"
  }

  private static func message(_ text: String) -> String { escaped(text, "%\r\n") }

  private static func property(_ text: String) -> String { escaped(text, "%\r\n:,") }

  private static func escaped(_ text: String, _ special: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      guard special.unicodeScalars.contains(scalar) else { return result.unicodeScalars.append(scalar) }
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result += "%" + (digits.count < 2 ? "0" : "") + digits
    }
  }
}
