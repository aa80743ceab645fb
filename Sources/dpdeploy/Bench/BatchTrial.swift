import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// Other values of `max_num_seqs` in a running deployment, for as long as they are measured.
///
/// Whoever makes one must call ``restore()``, however the measurement ends.
@Loop
final class BatchTrial {
  private let client: ControlClient
  private let deployment: SweptDeployment
  private let source: ManifestSource
  private let interruption: Interruption
  private let streams: StandardStreams
  private let timeout: Duration
  /// The revision that this trial made last, or found.
  private var revision: Int

  /// - Throws: a usage error when the file is not what runs, so that nothing but the batch would be tried.
  init(
    _ deployment: SweptDeployment, _ client: ControlClient, _ interruption: Interruption, timeout: Duration,
    _ streams: StandardStreams
  ) async throws {
    self.client = client
    self.deployment = deployment
    self.interruption = interruption
    self.streams = streams
    self.timeout = timeout
    revision = deployment.revision
    let reading = ManifestFile.read(deployment.path)
    source = reading.source
    let plan = try await client.plan(ApplyCommand.request(for: reading, named: deployment.path))
    guard plan.application == deployment.application, plan.outcome == .unchanged else {
      throw UsageError(
        "\(deployment.path) is not what runs",
        help: "`dpdeploy apply \(deployment.path)` first, or name another --file")
    }
  }

  /// Has ranks run so many sequences; tells why that cannot be, if so.
  func apply(_ sequences: Int) async throws(ControlError) -> String? {
    let edited: ManifestSource
    do throws(ManifestEditError) {
      edited = try source.setting([FieldEdit(FieldPath.maxNumSeqs, "\(sequences)")])
    } catch { return "\(error)" }
    var wish = ApplyCommand.request(for: Manifest.read(edited), named: deployment.path)
    wish.expectRevision = revision
    wish.noRollback = true
    let result: ApplyResult
    do throws(ControlError) { result = try await client.apply(wish) } catch {
      // A value that does not fit is an answer, too.
      guard [ExitCode.manifest, .doesNotFit].map(\.rawValue).contains(error.exitCode) else { throw error }
      return error.message
    }
    revision = result.revision
    switch try await wait(unless: { self.interruption.hasCome }) {
    case .conflict: throw conflict
    case .ok, .interrupted: return nil
    default: return "not HEALTHY"
    }
  }

  /// Puts back the revision that was found, and waits until it serves.
  func restore() async throws(ControlError) {
    guard revision != deployment.revision else { return }
    let (name, former) = (deployment.application, deployment.revision)
    let now = try await client.status().applications.first { $0.name == name }
    guard now?.revision == revision else { throw conflict }
    streams.remark("putting revision \(former) of \(name) back")
    revision = try await client.rollout(RolloutRequest(.undo, to: former), of: name).revision
    guard try await wait(unless: { false }) == .ok else {
      throw ControlError(
        code: "not-restored",
        message: "revision \(former) of \(name) was asked for again, and is not HEALTHY yet",
        exitCode: ExitCode.unhealthy.rawValue)
    }
  }

  private func wait(unless isGivenUp: @Loop () -> Bool) async throws(ControlError) -> ExitCode {
    try await HealthWait(client, deployment.application, revision: revision, streams, isPart: true).run(
      until: .after(timeout), unless: isGivenUp)
  }

  private var conflict: ControlError {
    ControlError(
      code: "conflict",
      message: "\(deployment.application) was changed by somebody else meanwhile, and stays as it is; "
        + "`dpdeploy rollout undo \(deployment.application) --to \(deployment.revision)` puts the former revision back",
      exitCode: ExitCode.conflict.rawValue)
  }
}
