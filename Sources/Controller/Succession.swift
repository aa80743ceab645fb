import ControlAPI
import Deployment
import Glibc
import Manifest
import Platform
import Ray
import Supervision

/// How a controller takes a home directory over: it goes on with what lives, starts what was asked for and does not
/// live, and ends what nobody asked for.
@Loop
struct Succession {
  private let controller: Controller
  private let state: StoredState
  private let remains: Remains

  /// What is left to be ended gets this long.
  private static let endTimeout = Duration.seconds(10)

  init(_ controller: Controller, _ state: StoredState) {
    self.controller = controller
    self.state = state
    remains = Protection.tokens.isOn ? Remains.find(home: controller.surroundings.homeHash) : .none
  }

  private struct Heir {
    let stored: StoredApplication
    let accepted: AcceptedManifest
    let checkpoint: Checkpoint
    let estate: Estate
  }

  func carryOut() async {
    Failpoint.adoptionBegins.pass()
    let heirs = state.applications.compactMap(heir)
    await endStrays(but: heirs.reduce(into: Set()) { $0.formUnion($1.estate.tokens) })
    Failpoint.adoptionSwept.pass()
    for stored in state.applications {
      if let rollout = state.rollouts[stored.name] {
        followAgain(stored, rollout)
      } else if let heir = heirs.first(where: { $0.stored.name == stored.name }) {
        goOn(heir)
      } else {
        await startAnew(stored)
      }
    }
    Failpoint.adoptionDone.pass()
    controller.restIfIdle()
  }

  /// What can be taken over of an application; nil when nothing can, as after a reboot.
  private func heir(_ stored: StoredApplication) -> Heir? {
    guard let checkpoint = state.checkpoints[stored.name],
      checkpoint.bootID == controller.surroundings.bootID, !checkpoint.bootID.isEmpty,
      let accepted = try? accept(stored)
    else { return nil }
    let directory = RunDirectory(home: controller.home, application: stored.name)
    guard (try? directory.create()) != nil else { return nil }
    let estate = Estate(
      checkpoint, ranks: accepted.manifest.parallelism.mostRanks,
      records: state.processes.filter { $0.token.application == stored.name },
      remains: remains.of(stored.name), directory)
    return Heir(stored: stored, accepted: accepted, checkpoint: checkpoint, estate: estate)
  }

  private func accept(_ stored: StoredApplication) throws(ControlError) -> AcceptedManifest {
    try ManifestIntake(tools: controller.surroundings.tools).accept(
      stored.manifest, path: stored.path, folder: stored.folder, scale: stored.scale)
  }

  private func goOn(_ heir: Heir) {
    let (stored, estate) = (heir.stored, heir.estate)
    do throws(ControlError) {
      try estate.sockets.open(heir.accepted.spec.ingress, preferred: stored.port)
    } catch {
      // Its ranks serve nobody without an address, but they live; an apply with another port mends it.
      complain(stored, error.message)
    }
    var accepted = heir.accepted
    // What runs was started by the checkpoint's lines; only another revision is a reason for others.
    let running = heir.checkpoint.state
    accepted.spec =
      running.revision == stored.revision ? running.spec : accepted.spec.following(running.spec)
    let runner = ApplicationRunner(
      accepted, stored, heir.checkpoint, estate, controller.surroundings)
    controller.add(runner, stored)
    let count = estate.processes.count
    runner.record(
      EventRecord(
        .info, .adopted,
        "a new controller took over \(count) process\(count == 1 ? "" : "es") of \(stored.name), revision \(stored.revision)"
      ))
    if runner.state.revision != stored.revision {
      do { try runner.apply(accepted, stored) } catch { complain(stored, error.description) }
    }
    if stored.isDeleting { runner.delete() }
  }

  /// What runs on a Ray cluster has gone on without a controller.
  private func followAgain(_ stored: StoredApplication, _ rollout: RayRollout) {
    do { controller.follow(try accept(stored), stored, rollout) } catch { complain(stored, error.message) }
  }

  private func startAnew(_ stored: StoredApplication) async {
    RunDirectory(home: controller.home, application: stored.name).removeAll()
    if stored.isDeleting {
      await controller.surroundings.store.record([.forget(application: stored.name)])
      return
    }
    do throws(ControlError) {
      try controller.start(try accept(stored), stored, epochs: state.epochs[stored.name] ?? [:])
      controller.runners[stored.name]?.record(
        EventRecord(
          .warning, .straysEnded,
          "a new controller starts \(stored.name) again, revision \(stored.revision)"))
    } catch { complain(stored, error.message) }
  }

  private func complain(_ stored: StoredApplication, _ reason: String) {
    controller.surroundings.events.append(
      EventRecord(.error, .controllerError, "\(stored.name) cannot be gone on with: \(reason)"),
      application: stored.name)
  }

  /// Ends every process of this home that was not taken over, and signals nobody else.
  private func endStrays(but kept: Set<ProcessToken>) async {
    guard Protection.tokens.isOn else { return }
    let hash = controller.surroundings.homeHash
    let deadline = Instant.after(Self.endTimeout)
    await endRecorded(but: kept, until: deadline)
    let strays = remains.leaders.count { !kept.contains($0.token) }
    let isClean = await ProcessTree.killAll(until: deadline) { $0.home == hash && !kept.contains($0) }
    if strays > 0 {
      let outcome = isClean ? "ended" : "killed, and some do not end:"
      ProcessLog.write("warning: \(outcome) \(strays) processes of a former controller")
    }
    controller.surroundings.store.add(
      state.processes.filter { !kept.contains($0.token) }.map { .ended($0.token) })
  }

  /// Those that wrote over their environment carry no token, but their record tells who they are.
  private func endRecorded(but kept: Set<ProcessToken>, until deadline: Instant) async {
    for process in state.processes where !kept.contains(process.token) {
      guard let identity = process.identity, identity.isAlive, TokenScan.token(of: identity.pid) == nil,
        let handle = try? ForeignProcess(pid: identity.pid), identity.isAlive
      else { continue }
      handle.send(SIGKILL)
      _ = await handle.hasEnded(by: deadline)
    }
  }
}
