import CommandLine
import ControlAPI
import Diagnosis
import Glibc
import Manifest
import Platform

/// A hint's change on its way from the command line into the manifest's file.
struct ProposedFix {
  private let fix: HintFix
  private let path: String

  /// Finds the hint and the file; throws a usage error that says what is missing.
  init(_ id: String, in applications: [ApplicationStatus], file: String?) throws(UsageError) {
    let found = applications.flatMap { application in
      application.hints.filter { $0.id == id.uppercased() }.map { (application, $0) }
    }
    guard let (application, hint) = found.first else {
      let shown = applications.flatMap(\.hints).map(\.id)
      throw UsageError(
        "no hint \(id) is shown now", help: shown.isEmpty ? nil : "shown are \(shown.joined(separator: ", "))"
      )
    }
    guard let fix = HintFix(hint) else {
      throw UsageError("\(hint.id) proposes no value", help: hint.advice)
    }
    guard Set(found.map(\.0.name)).count == 1 else {
      throw UsageError("several applications have the hint \(hint.id)", help: "name one of them")
    }
    guard let path = file ?? application.manifestPath else {
      throw UsageError(
        "\(application.name) was applied from a pipe",
        help: "name its manifest with --file, and set \(fix.edits[0].path): \(fix.edits[0].value)")
    }
    self.fix = fix
    self.path = path
  }

  /// Shows the change, and writes it unless this is a rehearsal.
  func carryOut(isDryRun: Bool, _ streams: StandardStreams) throws -> ExitCode {
    let source = ManifestFile.read(path).source
    let edited: ManifestSource
    do throws(ManifestEditError) { edited = try fix.carriedOut(in: source) } catch {
      if case .refused(let reading) = error {
        streams.complain(
          "\(path) would not be a manifest with \(fix.fields.joined(separator: ", ")) changed:")
        streams.show(reading, .text, atLeast: .error)
        return .forManifest(reading.diagnostics)
      }
      throw error
    }
    streams.line(streams.outputStyle.bold(path))
    for line in source.lineChanges(to: edited) {
      streams.line(line.hasPrefix("-") ? streams.outputStyle.red(line) : streams.outputStyle.green(line))
    }
    guard !isDryRun else { return .ok }
    try FileReplacement.replace(path, with: edited.text)
    streams.line("`dpdeploy apply \(path)` carries it out")
    return .ok
  }
}
