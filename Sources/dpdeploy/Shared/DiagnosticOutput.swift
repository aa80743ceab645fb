import CommandLine
import Manifest

/// How diagnostics are printed.
enum ErrorFormat: String, CaseIterable {
  /// With excerpts, for people.
  case text
  /// One line each, for greps and editors.
  case short
  /// One object on standard output, for scripts; the command prints it once.
  case json

  /// The format a command line asks for.
  init(_ arguments: ParsedArguments) {
    self = arguments.value("error-format").flatMap(ErrorFormat.init(rawValue:)) ?? .text
  }
}

extension OptionDescription {
  /// `--error-format`, for every command that reads a manifest.
  static let errorFormat = OptionDescription(
    "error-format", .value("FORMAT"),
    "How to print what is wrong: text for people, short for greps, json for scripts (to standard output).",
    choices: ErrorFormat.allCases.map(\.rawValue), fallback: ErrorFormat.text.rawValue)
}

extension StandardStreams {
  /// Prints the remarks of a reading to standard error; nothing for ``ErrorFormat/json``.
  func show(_ reading: ManifestReading, _ format: ErrorFormat, atLeast least: Diagnostic.Severity = .note) {
    let shown = reading.diagnostics.filter { $0.severity >= least }
    switch format {
    case .json: return
    case .short: error(shown.map { "\($0)\n" }.joined())
    case .text:
      error(DiagnosticRenderer(style: errorStyle, source: reading.source).render(shown))
      // GitHub's runner reads both streams, and standard output is for data.
      guard GitHubAnnotation.isWanted(Self.variable) else { return }
      error(shown.map { GitHubAnnotation.line($0) + "\n" }.joined())
    }
  }
}

extension ExitCode {
  /// The code for a manifest with these remarks: 0, 3, or 4 when all that is wrong is that it does not fit.
  static func forManifest(_ diagnostics: [Diagnostic], strict: Bool = false) -> ExitCode {
    let bad = diagnostics.filter { $0.severity == .error || strict && $0.severity == .warning }
    guard !bad.isEmpty else { return .ok }
    return bad.allSatisfy { $0.code == .doesNotFit } ? .doesNotFit : .manifest
  }
}
