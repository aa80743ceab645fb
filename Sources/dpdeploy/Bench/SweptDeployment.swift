import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// The deployment behind a sweep: what its manifest says, and what follows for that from the numbers.
struct SweptDeployment: Sendable {
  let application: String
  /// The file that was applied.
  let path: String
  let maxNumSeqs: Int
  /// What its manifest promises.
  let objective: LatencyObjective?
  /// Ranks of all groups.
  let ranks: Int
  let revision: Int

  /// Looks the application up; nil when its manifest came from a pipe and no file is named.
  @Loop
  static func find(_ name: String, file: String?, _ client: ControlClient) async throws -> SweptDeployment? {
    guard let status = try await client.status().applications.first(where: { $0.name == name }) else {
      throw ControlError(code: "not-found", message: "no application is called \(name)")
    }
    let ranks = status.deployments.flatMap(\.replicas).count { $0.role == .rank }
    guard let path = file ?? status.manifestPath else { return nil }
    guard let manifest = ManifestFile.read(path).manifest else {
      throw UsageError("\(path) is no manifest any more", help: "`dpdeploy validate \(path)` says why")
    }
    return SweptDeployment(
      application: name, path: path, maxNumSeqs: manifest.engineArguments.maxNumSeqs,
      objective: LatencyObjective(manifest.objective), ranks: max(1, ranks), revision: status.revision)
  }

  /// The change that has the deployment stay at the level that was found; nil when it does already, or none was found.
  ///
  /// A rank's share of the users is the batch that was measured; where `max_num_seqs` allows no larger one, it is no limit.
  func fix(for report: SweepReport) -> ControlAPI.FieldChange? {
    guard report.foundLimit, !report.isInterrupted, let level = report.chosen else { return nil }
    let sequences =
      switch report.subject {
      case .concurrency: min(maxNumSeqs, (level + ranks - 1) / ranks)
      case .maxNumSeqs: level
      }
    guard sequences != maxNumSeqs else { return nil }
    return ControlAPI.FieldChange(
      path: FieldPath.maxNumSeqs, before: "\(maxNumSeqs)", after: "\(sequences)", changeClass: "group-restart"
    )
  }
}
