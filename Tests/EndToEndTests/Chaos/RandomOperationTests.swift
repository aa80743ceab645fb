import ControlAPI
import Glibc
import Platform
import Randomness
import Testing

extension `Whole deployments` {
  /// Operators, faults and deaths of the controller in any order, against a model: the last wish that was acknowledged.
  ///
  /// A failure prints its seed; `CHAOS_SEED=7 swift test --filter 'A walk'` repeats it, and
  /// `CHAOS_OPERATIONS=100` goes on for longer.
  @Suite @Loop struct `A walk of random operations` {
    nonisolated private static let seeds: [UInt64] =
      if let seed = Environment["CHAOS_SEED"].flatMap({ UInt64($0) }) { [seed] } else {
        Environment["DPDEPLOY_CHAOS"] == nil
          ? [.random(in: 1...999_999)] : (0..<8).map { _ in .random(in: 1...999_999) }
      }
    private static let count =
      Environment["CHAOS_OPERATIONS"].flatMap { Int($0) } ?? (Environment["DPDEPLOY_CHAOS"] == nil ? 12 : 40)

    @Test(arguments: seeds) func `end in what was wished for last`(seed: UInt64) async throws {
      print("random operations: CHAOS_SEED=\(seed)")
      try await inArena { arena in
        arena.evidence.mostLives = 20
        try await arena.begin(devices: 8)
        var walk = RandomWalk(seed: seed)
        for _ in 0..<Self.count { try await walk.step(arena) }
        await arena.settle()
        try await arena.untilAsWished()
        try await arena.load?.more(4)
        await arena.endLoad()
        try await arena.judge("seed \(seed): \(walk.history.joined(separator: ", "))")
        try await arena.delete()
        try await arena.judge("seed \(seed)")
      }
    }
  }
}

/// One operation after the other, as the generator draws them.
@Loop
struct RandomWalk {
  private var random: SplitMix
  /// What was done.
  private(set) var history: [String] = []
  /// A group's budget is five restarts, and two faults may hit the same one.
  private var faults = 0
  private static let mostFaults = 4

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  mutating func step(_ arena: Arena) async throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0, 1: try await change(arena) { $0.sequences = [8, 16, 32].randomElement(using: &$1) ?? 8 }
    case 2: try await change(arena) { $0.ingress = Int.random(in: 1...3, using: &$1) }
    case 3: try await change(arena) { $0.groups = Int.random(in: 1...3, using: &$1) }
    case 4: try await killRank(arena)
    case 5, 6: try await killController(arena)
    case 7: try await stopController(arena)
    case 8: try await arm(arena)
    default:
      history.append("wait")
      // Nobody who only waits starts a controller that dies meanwhile.
      await arena.settle()
      try await arena.untilAsWished()
    }
  }

  /// Applies until it is acknowledged, as an operator would.
  private mutating func change(
    _ arena: Arena, _ change: (inout Arena.Wish, inout SplitMix) -> Void
  ) async throws {
    change(&arena.wish, &random)
    let wish = arena.wish
    history.append("apply \(wish.groups) groups, \(wish.ingress) ingress, \(wish.sequences)")
    try await wait(for: "an acknowledgement", every: .milliseconds(50)) {
      try await arena.apply() ? () : nil
    }
  }

  private mutating func killRank(_ arena: Arena) async throws {
    guard faults < Self.mostFaults, let victim = arena.scan().ranks.randomElement(using: &random) else {
      return
    }
    faults += 1
    history.append("kill \(victim.place) e\(victim.epoch)")
    kill(victim.pid, SIGKILL)
  }

  private mutating func killController(_ arena: Arena) async throws {
    let delay = Int.random(in: 0...150, using: &random)
    history.append("kill the controller after \(delay) ms")
    // Not a wait for anything: the instant is what is tried.
    await Loop.sleep(for: .milliseconds(delay))
    await arena.killController()
    try await arena.startController()
  }

  private mutating func stopController(_ arena: Arena) async throws {
    history.append("restart the controller")
    await arena.settle()
    try await arena.stopController()
    try await arena.startController()
  }

  private mutating func arm(_ arena: Arena) async throws {
    let points = FailpointCase.all.map(\.failpoint).filter {
      !$0.hasPrefix("delete") && !$0.hasPrefix("dismantle")
    }
    guard let point = points.randomElement(using: &random) else { return }
    let count = Int.random(in: 1...5, using: &random)
    history.append("arm \(point) \(count)")
    try arena.arm(point, count: count)
  }
}
