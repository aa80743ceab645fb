import CommandLine
import ControlAPI
import JSON

/// How a status is printed.
enum StatusFormat: String, CaseIterable {
  /// Tables for people.
  case table
  /// Tables with all columns.
  case wide
  /// One object for scripts.
  case json
  /// The same object in YAML.
  case yaml
  /// The names of the applications, one a line.
  case name

  /// The format that a command line asks for; `--json` is the short way to write `-o json`.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    let asked = arguments.value("output").flatMap(StatusFormat.init(rawValue:))
    if arguments.flag("json"), let asked, asked != .json {
      throw UsageError("--json and --output \(asked.rawValue) exclude each other")
    }
    self = asked ?? (arguments.flag("json") ? .json : .table)
  }

  /// Whether the object is printed even when nobody could be asked: scripts rely on it.
  var isDocument: Bool { self == .json || self == .yaml }

  /// The text of a status; in a series, JSON is one line and YAML a document that begins with `---`.
  func text(of status: Status, style: Style, inSeries: Bool) -> String {
    switch self {
    case .table, .wide: StatusText(style: style, isWide: self == .wide).render(status)
    case .json: dpdeploy.json(status, isPretty: !inSeries) + "\n"
    case .yaml: (inSeries ? "---\n" : "") + Self.yaml(status)
    case .name: status.applications.map { $0.name + "\n" }.joined()
    }
  }

  private static func yaml(_ status: Status) -> String {
    // What the encoder wrote is JSON; that it could not be read back would be a mistake of ours.
    guard let value = try? JSONValue(parsing: dpdeploy.json(status)) else {
      preconditionFailure("a status is no JSON")
    }
    return YAMLText.document(value)
  }
}
