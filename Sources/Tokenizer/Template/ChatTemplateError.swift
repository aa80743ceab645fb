/// Why a chat template cannot be read or rendered.
public enum ChatTemplateError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The template itself is at fault, or uses what this subset of Jinja lacks, at a line and column from 1.
  case fault(String, line: Int, column: Int)
  /// The template refused the conversation with `raise_exception`.
  case raised(String)

  /// The reason, with its place in the template.
  public var description: String {
    switch self {
    case .fault(let reason, let line, let column): "chat template, line \(line), column \(column): \(reason)"
    case .raised(let message): message
    }
  }
}

/// A place in the text of a template.
struct TemplatePlace: Equatable, Sendable {
  var line = 1
  var column = 1

  func fault(_ reason: String) -> ChatTemplateError { .fault(reason, line: line, column: column) }

  /// The error for a construct that is known but not done.
  func unsupported(_ what: String) -> ChatTemplateError { fault("\(what) is not supported") }
}
