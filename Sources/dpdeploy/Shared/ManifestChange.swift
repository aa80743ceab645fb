import CommandLine
import Manifest
import Platform

/// Other values of some fields on their way from the command line into a manifest's file.
struct ManifestChange {
  let edits: [FieldEdit]
  let path: String

  /// Shows the change, and writes it unless this is a rehearsal.
  func carryOut(isDryRun: Bool, _ streams: StandardStreams) throws -> ExitCode {
    let source = ManifestFile.read(path).source
    let edited: ManifestSource
    do throws(ManifestEditError) { edited = try source.setting(edits) } catch {
      if case .refused(let reading) = error {
        streams.complain(
          "\(path) would not be a manifest with \(edits.map(\.path).joined(separator: ", ")) changed:")
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
