import CommandLine
import ControlAPI
import Diagnosis
import Manifest

/// What a hint proposes, as a change of the manifest's file.
enum ProposedFix {
  /// Finds the hint and the file; throws a usage error that says what is missing.
  static func change(_ id: String, in applications: [ApplicationStatus], file: String?) throws(UsageError)
    -> ManifestChange
  {
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
    return ManifestChange(edits: fix.edits, path: path)
  }
}
