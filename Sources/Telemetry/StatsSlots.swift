/// What the pages of one role hold: one enum per kind of slot, the one place that writer and reader share.
public protocol StatsRole: Sendable {
  /// Whole numbers that only grow.
  associatedtype Counter: StatsSlot
  /// Numbers that go up and down.
  associatedtype Gauge: StatsSlot
  /// Distributions of seconds.
  associatedtype Sketch: StatsSlot
  /// The role's number in the page's header.
  static var number: UInt32 { get }
  /// The role's name in messages.
  static var name: String { get }
}

/// A slot of a stats page; raw values count from zero without gaps.
public protocol StatsSlot: CaseIterable, Hashable, RawRepresentable, Sendable where RawValue == Int {}

/// Where a process is on its way to readiness.
public enum StatsPhase: Int, CaseIterable, Sendable {
  /// The process has begun.
  case spawn
  /// It meets the other ranks of its group.
  case rendezvous
  /// It maps and checks the weights.
  case loadWeights
  /// It sets up its KV blocks.
  case kvAlloc
  /// It runs a first step.
  case warmup
  /// It serves.
  case ready
  /// It finishes what it has and takes nothing new.
  case draining

  /// The phase's word in status output, such as `load_weights`.
  public var name: String {
    switch self {
    case .spawn: "spawn"
    case .rendezvous: "rendezvous"
    case .loadWeights: "load_weights"
    case .kvAlloc: "kv_alloc"
    case .warmup: "warmup"
    case .ready: "ready"
    case .draining: "draining"
    }
  }
}
