import Glibc
import Platform
import Randomness
import Synchronization
import Testing

@testable import ExpertParallel

@Suite(.serialized) struct `Lock-step` {
  private func shape(_ world: Int) throws -> ExchangeShape {
    try ExchangeShape(world: world, hidden: 4, topK: 2, experts: 4, layers: 2, chunk: 8)
  }

  @Test func `every rank comes to the same decision`() throws {
    let intents = [
      StepIntent(tokens: 3, unfinished: true), StepIntent(), StepIntent(tokens: 17, unfinished: true),
    ]
    let decisions = try runRanks(try shape(3)) { group throws(ExpertParallelError) in
      try group.agree(intents[group.control.rank])
    }
    for decision in decisions {
      #expect(try decision.get() == StepDecision(intents, chunk: 8))
      #expect(try decision.get().chunks == 3)
      #expect(try decision.get().totalTokens == 20)
    }
  }

  @Test func `the group pauses only when no rank is unfinished, and ends only when all want to`() {
    let idle = StepIntent()
    let leaving = StepIntent(leaving: true)
    let busy = StepIntent(unfinished: true)
    #expect(StepDecision([idle, idle], chunk: 8).kind == .pause)
    #expect(StepDecision([idle, busy], chunk: 8).kind == .run)
    #expect(StepDecision([leaving, idle], chunk: 8).kind == .pause)
    #expect(StepDecision([leaving, leaving], chunk: 8).kind == .leave)
    #expect(StepDecision([leaving, StepIntent(unfinished: true, leaving: true)], chunk: 8).kind == .run)
  }

  @Test func `a rank says whom it waits for, and no more when that has come`() throws {
    let sights = try runRanks(try shape(2)) { group throws(ExpertParallelError) -> [Int?] in
      let control = group.control
      let deadline = Instant.after(.seconds(10))
      while control.rank == 1, control.progress(of: 0).awaited == nil, Instant.now < deadline {
        sched_yield()
      }
      let before = control.progress(of: 0).awaited
      _ = try group.agree(StepIntent())
      return [before, control.progress(of: control.rank).awaited]
    }
    #expect(try sights[1].get() == [1, nil])
    #expect(try sights[0].get().last == .some(nil))
  }

  @Test func `an idle rank takes part in every exchange of a step`() throws {
    var random = SplitMix(seed: 4)
    let shape = try shape(4)
    let sets = (0..<2).map { _ in TokenSet(count: 20, shape, &random) }
    let results = try runRanks(shape) { group throws(ExpertParallelError) in
      let busy = group.control.rank == 2
      _ = try group.agree(StepIntent(tokens: busy ? 20 : 0, unfinished: busy))
      if busy {
        for layer in 0..<2 { _ = try group.exchange(layer: layer, sets[layer]) }
      } else {
        try group.runDummyStep { layer in
          { expert, count, input, output in
            toyExpert(layer: layer, expert: expert, count: count, hidden: 4, input: input, output: output)
          }
        }
      }
      return group.counters
    }
    let counters = try results.map { try $0.get() }
    #expect(counters.map(\.exchanges) == [6, 6, 6, 6])
    #expect(counters.map(\.dummySteps) == [1, 1, 0, 1])
    #expect(counters.reduce(0) { $0 + $1.rowsComputed } == 20 * 2 * 2)
  }

  @Test func `any rank wakes a paused group, and all enter the next wave together`() throws {
    let waves = try runRanks(try shape(4)) { group throws(ExpertParallelError) -> [UInt64] in
      var waves: [UInt64] = [group.wave]
      for round in 0..<200 {
        let decision = try group.agree(StepIntent())
        guard decision.kind == .pause else { return [] }
        if group.control.rank == round % 4 { group.control.wake() }
        try group.pause()
        waves.append(group.wave)
      }
      return waves
    }
    for wave in waves { #expect(try wave.get() == Array(1...201)) }
  }

  @Test func `wake-ups during a busy wave are kept for its end and begin one wave`() throws {
    let waves = try runRanks(try shape(2)) { group throws(ExpertParallelError) in
      if group.control.rank == 0 { for _ in 0..<5 { group.control.wake() } }
      _ = try group.agree(StepIntent(unfinished: true))
      _ = try group.agree(StepIntent())
      try group.pause()
      return [group.wave, group.control.header.wave.pointee.load(ordering: .relaxed)]
    }
    for wave in waves { #expect(try wave.get() == [2, 2]) }
  }

  @Test func `sixteen paused ranks cost next to nothing`() throws {
    let costs = try runRanks(try shape(16)) { group throws(ExpertParallelError) in
      _ = try group.agree(StepIntent())
      if group.control.rank == 0 {
        // This rank wakes the others when they have slept for a while, timed by a wait that only a deadline ends.
        let bell = group.control.line(0).bell
        let end = Instant.after(.milliseconds(300))
        while Instant.now < end { bell.sleep(since: bell.announce(), until: end) }
        group.control.wake()
      }
      let before = Processor.threadNanoseconds
      try group.pause()
      return Processor.threadNanoseconds - before
    }
    let total = try costs.reduce(0) { $0 + (try $1.get()) }
    #expect(total < 30_000_000, "\(total) ns of processor time in a pause of 300 ms")
  }
}

@Suite(.serialized) struct `A group that cannot go on` {
  private func shape(_ world: Int, hidden: Int = 4) throws -> ExchangeShape {
    try ExchangeShape(world: world, hidden: hidden, topK: 2, experts: 4, layers: 2, chunk: 8)
  }

  /// How one rank of two fares when it opens the segment with its own idea of the group.
  private func open(
    _ first: (shape: ExchangeShape, epoch: UInt64), _ second: (shape: ExchangeShape, epoch: UInt64)
  ) throws -> ExpertParallelError? {
    let segment = try GroupControl.makeSegment()
    let results = try runThreads(2, segment) { rank, segment throws(ExpertParallelError) in
      let mine = rank == 0 ? first : second
      _ = try GroupControl(
        segment: segment, rank: rank, shape: mine.shape, epoch: mine.epoch, until: .after(.seconds(30)))
    }
    _ = try results[0].get()
    if case .failure(let error) = results[1] { return error }
    return nil
  }

  @Test func `refuses a rank of another epoch`() throws {
    let shape = try shape(2)
    #expect(try open((shape, 3), (shape, 4)) == .epochMismatch(mine: 4, segment: 3))
    #expect(try open((shape, 3), (shape, 3)) == nil)
  }

  @Test func `refuses a rank with another model`() throws {
    let (mine, other) = (try shape(2), try shape(2, hidden: 8))
    #expect(try open((mine, 1), (other, 1)) == .shapeMismatch(mine: other, segment: mine))
  }

  @Test func `refuses a rank with another placement of experts`() throws {
    let segment = try GroupControl.makeSegment()
    let shape = try shape(2)
    let results = try runThreads(2, segment) { rank, segment throws(ExpertParallelError) in
      _ = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1,
        placement: .initial(rank == 0 ? .linear : .roundRobin, shape),
        until: .after(.seconds(30)))
    }
    #expect(results[0].failure == nil && results[1].failure == .termsMismatch(rank: 1))
  }

  @Test func `refuses a second process for the same rank`() throws {
    let segment = try GroupControl.makeSegment()
    let shape = try shape(1)
    let results = try runThreads(1, segment) { _, segment throws(ExpertParallelError) in
      let control = try GroupControl(
        segment: segment, rank: 0, shape: shape, epoch: 1, until: .after(.seconds(5)))
      let first = try ExpertGroup(control)
      try first.join(until: .after(.seconds(5)))
      try ExpertGroup(control).join(until: .after(.seconds(5)))
    }
    #expect(results[0].failure == .rankTaken(rank: 0, pid: getpid()))
  }

  @Test func `names the rank that never joined`() throws {
    let segment = try GroupControl.makeSegment()
    let shape = try shape(3)
    let results = try runThreads(2, segment) { rank, segment throws(ExpertParallelError) in
      let control = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1, until: .after(.seconds(30)))
      try ExpertGroup(control).join(until: .after(.milliseconds(200)))
    }
    for result in results {
      guard case .timedOut(2, .join, _) = result.failure else {
        Issue.record("\(String(describing: result.failure))")
        continue
      }
    }
  }

  @Test func `waits for rank 0 to write the header, but not for ever`() throws {
    let shape = try shape(2)
    #expect {
      try GroupControl(
        segment: GroupControl.makeSegment(), rank: 1, shape: shape, epoch: 1, until: .after(.milliseconds(50))
      )
    } throws: { error in
      if case .timedOut(0, .segment, _) = error as? ExpertParallelError { true } else { false }
    }
    #expect(throws: ExpertParallelError.unusableSegment("it has 100 bytes, at least 20480 are needed")) {
      try GroupControl(
        segment: SharedMemory(name: "small", byteCount: 100), rank: 0, shape: shape, epoch: 1, until: .now)
    }
  }

  @Test func `names the rank that stopped between steps`() throws {
    let results = try runRanks(try shape(3), timeout: .milliseconds(300)) {
      group throws(ExpertParallelError) in
      for step in 1...10 {
        if group.control.rank == 1, step == 5 { return }
        _ = try group.agree(StepIntent(unfinished: true))
      }
    }
    for rank in [0, 2] {
      guard case .timedOut(1, .intents(step: 5), _) = results[rank].failure else {
        Issue.record("\(String(describing: results[rank].failure))")
        continue
      }
    }
  }

  @Test func `names the rank that stopped inside a layer, and what was awaited from it`() throws {
    let stuck = Gate()
    var random = SplitMix(seed: 5)
    let shape = try shape(2)
    let tokens = TokenSet(count: 8, shape, &random)
    let results = try runRanks(shape, timeout: .milliseconds(300)) { group throws(ExpertParallelError) in
      let rank = group.control.rank
      _ = try group.agree(StepIntent(tokens: rank == 0 ? 8 : 0, unfinished: true))
      if rank == 0 {
        defer { stuck.open() }
        for layer in 0..<2 { _ = try group.exchange(layer: layer, tokens) }
      } else {
        try group.takePart(layer: 0) { _, _, _, _ in stuck.wait() }
      }
    }
    let stamp = ExchangeStamp(epoch: 7, step: 1, layer: 0, chunk: 0)
    guard case .timedOut(1, .combine(stamp), _) = results[0].failure else {
      Issue.record("\(String(describing: results[0].failure))")
      return
    }
  }

  @Test func `tells the others at once when a rank leaves`() throws {
    let results = try runRanks(try shape(3)) { group throws(ExpertParallelError) in
      if group.control.rank == 2 { return group.leave() }
      _ = try group.agree(StepIntent(unfinished: true))
    }
    for rank in 0..<2 {
      let failure = results[rank].failure
      #expect(
        failure == .peerLeft(rank: 2, phase: .intents(step: 1)) || failure == .peerLeft(rank: 2, phase: .join)
      )
    }
  }

  @Test func `ends its waits when it is told to stop, also while it pauses`() throws {
    let results = try runRanks(try shape(2)) { group throws(ExpertParallelError) in
      if group.control.rank == 1 {
        _ = try group.agree(StepIntent())
        return try group.pause()
      }
      _ = try group.agree(StepIntent())
      let control = group.control
      let stopper = RankThread { () throws(ExpertParallelError) in control.requestStop() }
      defer { _ = stopper.join() }
      defer { group.leave() }
      try group.pause()
    }
    #expect(results[0].failure == .stopped(.pause(wave: 1)))
    #expect(results[1].failure == .peerLeft(rank: 0, phase: .pause(wave: 1)))
  }

  @Test func `sees at once that a peer's process has ended, unreaped as it is`() throws {
    let shape = try shape(2)
    var child = pid_t()
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&child, "/bin/sleep", nil, nil, &arguments, nil) == 0)
    let (pid, begin) = (child, Instant.now)
    let results = try runThreads(1, try GroupControl.makeSegment()) {
      _, segment throws(ExpertParallelError) in
      let control = try GroupControl(
        segment: segment, rank: 0, shape: shape, epoch: 1, until: .after(.seconds(5)))
      _ = control.line(1).claim(pid: pid)
      control.line(1).state = .running
      let group = try ExpertGroup(control)
      try group.join(until: .after(.seconds(5)))
      kill(pid, SIGKILL)
      _ = try group.agree(StepIntent(unfinished: true))
    }
    waitpid(pid, nil, 0)
    #expect(results[0].failure == .peerEnded(rank: 1, pid: pid, phase: .intents(step: 1)))
    #expect(Instant.now - begin < .seconds(5))
  }

  @Test func `notices a rank that is at another layer`() throws {
    let results = try runRanks(try shape(2), timeout: .seconds(2)) { group throws(ExpertParallelError) in
      _ = try group.agree(StepIntent(tokens: 1, unfinished: true))
      try group.takePart(layer: group.control.rank) { _, _, _, _ in }
    }
    let stamps = (0..<2).map { ExchangeStamp(epoch: 7, step: 1, layer: UInt32($0), chunk: 0) }
    #expect(results[0].failure == .outOfStep(rank: 1, expected: stamps[0], found: stamps[1]))
    #expect(results[1].failure == .outOfStep(rank: 0, expected: stamps[1], found: stamps[0]))
  }

  @Test(arguments: [[0, 4], [-1, 2], [3, 3]] as [[Int32]])
  func `refuses a token for an expert that does not exist or comes twice`(ids: [Int32]) throws {
    let results = try runRanks(try shape(1)) { group throws(ExpertParallelError) in
      var random = SplitMix(seed: 6)
      var tokens = TokenSet(count: 1, group.control.shape, &random)
      tokens.ids = ids
      _ = try group.runStep([tokens])
    }
    guard case .invalidRouting(token: 0, _) = results[0].failure else {
      Issue.record("\(String(describing: results[0].failure))")
      return
    }
  }

  @Test func `refuses more tokens than were announced`() throws {
    let results = try runRanks(try shape(1)) { group throws(ExpertParallelError) in
      var random = SplitMix(seed: 6)
      _ = try group.agree(StepIntent(tokens: 8, unfinished: true))
      _ = try group.exchange(layer: 0, TokenSet(count: 9, group.control.shape, &random))
    }
    #expect(results[0].failure == .tooManyRows(rows: 9, agreed: 8))
  }
}

extension Result {
  /// The error, if that is what it is.
  var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
