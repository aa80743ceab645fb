import Deployment
import Manifest
import Platform
import Supervision

extension ApplicationRunner {
  /// Starts ingress replicas once the intent is on disk.
  func launch(_ launches: [IngressLaunch]) {
    Loop.task { await self.start(launches) }
  }

  private func start(_ launches: [IngressLaunch]) async {
    var planned: [(IngressLaunch, LaunchSpec)] = []
    for launch in launches {
      do { planned.append((launch, try spec(of: launch))) } catch {
        tell(.ingress(.notStarted(error.reason, isPermanent: false), index: launch.index, life: launch.life))
      }
    }
    await surroundings.store.record(planned.map { .intent($0.1.token) })
    Failpoint.ingressIntended.pass()
    for (launch, spec) in planned {
      guard isStarting(launch) else {
        tell(.ingress(.ended(.unknown, lastLine: nil), index: launch.index, life: launch.life))
        continue
      }
      do { try spawn(spec, launch) } catch {
        tell(
          .ingress(
            .notStarted(error.description, isPermanent: error.isPermanent), index: launch.index,
            life: launch.life))
      }
    }
    closeUnusedSockets()
  }

  private func spec(of launch: IngressLaunch) throws(PlanError) -> LaunchSpec {
    let listener = launch.ingress.station == nil ? try self.listener(of: launch) : nil
    let board: Int32
    do { board = try boards.descriptor(rows: launch.ingress.boardRows) } catch {
      throw PlanError(reason: "\(error)")
    }
    return plan.ingress(
      launch, drainTimeout: state.spec.drainTimeout, listener: listener, board: board)
  }

  /// The socket that a process accepts clients on.
  func listener(of launch: IngressLaunch) throws(PlanError) -> Int32 {
    guard let listener = sockets.descriptor(for: launch.ingress) else {
      throw PlanError(reason: "\(launch.ingress.host) port \(launch.ingress.port) is not bound")
    }
    return listener
  }

  private func isStarting(_ launch: IngressLaunch) -> Bool {
    guard !isClosing, let replica = state.ingress.replicas.first(where: { $0.index == launch.index }) else {
      return false
    }
    return replica.life == launch.life && replica.phase == .starting
  }

  private func spawn(_ spec: LaunchSpec, _ launch: IngressLaunch) throws(SupervisionError) {
    directory.removeIngress(launch.index, life: launch.life)
    let replica = IngressProcess(
      index: launch.index, life: launch.life, try SupervisedProcess(spec),
      socket: directory.ingressSocket(launch.index),
      page: directory.ingressPage(launch.index, life: launch.life), table: tableMessage,
      isCordoned: state.cordons.contains(.ingress(launch.index)))
    replicas[launch.index] = replica
    Failpoint.ingressStarted.pass()
    surroundings.store.add([.started(spec.token, replica.process.identity)])
    follow(replica)
  }

  /// Watches a replica and keeps it informed, to its end.
  func follow(_ replica: IngressProcess) {
    Loop.task { await self.watch(replica) }
    Loop.task {
      await replica.keepInformed {
        self.tell(.ingress(.acknowledged(version: $0), index: replica.index, life: replica.life))
      }
    }
  }

  private func watch(_ replica: IngressProcess) async {
    let status = await replica.process.exit() ?? .unknown
    Failpoint.ingressEnded.pass()
    let end = ProcessEnd(status, of: replica.process, resident: replica.meter.residentBytes)
    replica.stopPushing()
    if replicas[replica.index] === replica { replicas[replica.index] = nil }
    boards.clear(replica: replica.index)
    directory.removeIngress(replica.index, life: replica.life)
    forget(replica.process)
    lastWords["ingress-\(replica.index)"] = replica.process.lastLines(Self.lastWordCount)
    defer { lastWords = [:] }
    tell(
      .ingress(
        .ended(end, lastLine: replica.process.lastLine), index: replica.index,
        life: replica.life))
    // While its successor is written down: every replica that wakes takes the processors from us.
    wakeReplicas()
    closeUnusedSockets()
  }

  /// Has the replicas that are left take what one of them left behind: connections that the kernel woke only it for,
  /// and its part of what may be in flight.
  private func wakeReplicas() {
    Doorbell.ring(replicas.keys.map { directory.ingressBell($0) })
  }

  /// Asks a replica to finish its requests and end.
  func stopReplica(_ index: Int, life: Int, grace: Duration) {
    guard let replica = replicas[index], replica.life == life else { return }
    Failpoint.ingressStopping.pass()
    Loop.task {
      await self.untilFrontsKnow()
      if await !ProcessTree.end([replica.process], grace: grace) {
        self.complainAboutSurvivors([replica.process])
      }
    }
  }

  /// Gives every replica the newest rank table.
  func pushTable() {
    let message = tableMessage
    for replica in replicas.values { replica.push(message) }
  }

  var tableMessage: RankTableMessage {
    RankTableMessage(
      version: state.table.version,
      ranks: state.table.entries.map { entry in
        let place = RankPlace(group: entry.group, rank: entry.rank, epoch: entry.epoch)
        return RankTableMessage.Entry(
          group: entry.group, rank: entry.rank, epoch: entry.epoch,
          endpoint: "unix:\(directory.rankSocket(place))", capacity: entry.capacity,
          state: entry.isDraining ? "DRAINING" : "RUNNING",
          slot: boards.slot(group: entry.group, rank: entry.rank))
      })
  }

  /// An address that an apply gave up is closed when its last replica is gone.
  func closeUnusedSockets() {
    sockets.closeAll(
      but: [state.spec.ingress] + state.ingress.replicas.map(\.spec)
        + (state.front?.replicas ?? []).map(\.spec))
  }
}
