import ControlAPI
import Platform
import Supervision
import Telemetry

/// One life of one rank as a process: what the instruments say of it.
@Loop
final class RankProcess {
  let place: RankPlace
  let process: SupervisedProcess
  let meter: ProcessMeter<RankStats>
  let experts: ExpertMeter
  /// Whether a completion is being tried, or was answered.
  var isProbed = false
  /// Whether it is written down how long its start took.
  var isStartKept = false
  private let launched: UInt64?
  /// Who tells about it when it does not do so itself.
  var watch: VLLMWatch?
  /// Whether it lives and gets on, by its own account.
  var vigil = Vigil()

  /// Looks after a process that was launched just now, at `launched`, or by another controller.
  init(_ place: RankPlace, _ process: SupervisedProcess, page: String, launched: Instant? = nil) {
    self.place = place
    self.launched = launched?.nanoseconds
    self.process = process
    meter = ProcessMeter(
      pid: process.identity.pid, pagePath: page, watched: [.ttft, .tpot, .itl, .queue, .prefill, .decode],
      start: MonotonicClock.seconds)
    experts = ExpertMeter(statsPage: page)
  }

  /// How far its start has come, by its own account; nil before it says anything.
  var startPhase: (phase: ReplicaPhase, progress: Double)? {
    guard let page = meter.openPage(), let phase = page.phase else { return nil }
    let reported: ReplicaPhase =
      switch phase {
      case .spawn: .spawn
      case .rendezvous: .rendezvous
      case .loadWeights: .loadWeights
      case .kvAlloc: .kvAlloc
      case .warmup: .warmup
      case .ready, .draining: .ready
      }
    return (reported, reported == .ready ? 0 : min(1, max(0, page.progress)))
  }

  /// When it came to each part of its start, by its own account.
  var startClock: StartClock {
    let page = meter.openPage()
    let phases: [(StatsPhase, StartPhase)] = [
      (.spawn, .spawn), (.rendezvous, .rendezvous), (.loadWeights, .loadWeights), (.kvAlloc, .kvAlloc),
      (.warmup, .warmup), (.ready, .firstAnswer),
    ]
    return StartClock(
      entries: phases.compactMap { told, phase in
        page?.entryNanoseconds(of: told).map { (phase, $0) }
      }, launched: launched)
  }

  /// Whether it has requests, by its own account; nil when it does not say.
  var isBusy: Bool? {
    // What vLLM says of its requests is as old as its last step.
    guard watch == nil else { return nil }
    return meter.page.map { $0[.running] + $0[.waiting] > 0 }
  }
}

/// The monotonic clock in the two forms that the parts of the controller take.
enum MonotonicClock {
  /// Seconds since boot.
  static var seconds: Double { Double(Instant.now.nanoseconds) * 1e-9 }
  /// The time since boot, as the state machines take it.
  static var now: Duration { .nanoseconds(Int64(Instant.now.nanoseconds)) }
}
