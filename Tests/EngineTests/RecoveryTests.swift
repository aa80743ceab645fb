import Glibc
import HTTP
import OpenAI
import Platform
import Testing

/// `failure_policy: recover`: a group outlives its ranks.
@Suite struct `A group that recovers` {
  private static let policy = ["--failure-policy", "recover"]
  /// Experts stay where they are, or move every four steps.
  private static let policies = [
    policy,
    policy + [
      "--enable-eplb", "--eplb-config", #"{"window_size":4,"step_interval":4,"num_redundant_experts":4}"#,
    ],
  ]
  private static let prompts: [[Int32]] = [[5, 6, 7], [9], [11, 3], [8, 8, 8, 8]]
  private static let count = 400

  /// What a rank that is alone answers.
  @Loop private static func expected() async throws -> [[Int32]] {
    let alone = try await EngineGroup(1)
    var answers: [[Int32]] = []
    for prompt in prompts { answers.append(try await alone.ranks[0].greedy(prompt, count: count)) }
    await alone.stop()
    return answers
  }

  /// A greedy stream on a rank, and what it has told.
  @Loop private final class Generation {
    private(set) var ids: [Int32] = []
    private var task: Task<Void, any Error>?

    init(_ rank: EngineRank, _ prompt: [Int32], count: Int = count) {
      let body =
        #"{"prompt":\#(prompt),"max_tokens":\#(count),"temperature":0,"ignore_eos":true,"stream":true}"#
      task = Task {
        let fields = [(RequestTicket.field, "seed=1;created=1;id=t")]
        let answer = try await rank.stream("/v1/completions", body, fields: fields)
        var lines = EventStream()
        while let piece = try await answer.read(until: .after(.seconds(30))) {
          for case .comment(let text) in lines.add(piece) {
            let told = EmittedTokens(parsing: String(decoding: text.dropFirst("ids ".count), as: UTF8.self))
            self.ids += told?.choices[0] ?? []
          }
        }
      }
    }

    func reach(_ count: Int) async throws {
      let deadline = Instant.after(.seconds(30))
      while ids.count < count, Instant.now < deadline { await Loop.sleep(for: .milliseconds(2)) }
      try #require(ids.count >= count)
    }

    func finish() async throws -> [Int32] {
      try await task?.value
      return ids
    }
  }

  @Loop private func kill(_ rank: EngineRank) async {
    rank.process.send(SIGKILL)
    _ = await rank.process.exit(until: .after(.seconds(10)))
  }

  @Test(arguments: policies)
  @Loop func `goes on with the same tokens when ranks are killed, down to the last`(
    policy: [String]
  ) async throws {
    let expected = try await Self.expected()
    let group = try await EngineGroup(4, arguments: policy)
    let last = Generation(group.ranks[2], Self.prompts[2])
    let other = Generation(group.ranks[1], Self.prompts[1])
    try await other.reach(40)
    // First the one that nobody waits for, then the one that proposes views, then all but one.
    for (rank, count) in [(3, 80), (0, 160)] {
      await kill(group.ranks[rank])
      try await last.reach(count)
      try await other.reach(count)
    }
    #expect(try await other.finish() == expected[1])
    if policy.contains("--enable-eplb") {
      #expect(try await group.ranks[2].metric("dpdeploy:expert_rebalances_total") > 10)
    }
    await kill(group.ranks[1])
    #expect(try await last.finish() == expected[2])
    #expect(try await group.ranks[2].greedy(Self.prompts[3], count: Self.count) == expected[3])
    await group.stop()
  }

  @Test(arguments: [policy, policies[1].map { $0.replacing("experts\":4", with: "experts\":1") }])
  @Loop func `takes a new process in the place of a dead one, under load and while it pauses`(
    policy: [String]
  ) async throws {
    let expected = try await Self.expected()
    let group = try await EngineGroup(3, arguments: policy)
    let load = Generation(group.ranks[0], Self.prompts[0])
    try await load.reach(10)
    await kill(group.ranks[1])
    try await group.replace(1)
    #expect(try await load.finish() == expected[0])
    #expect(try await group.ranks[1].greedy(Self.prompts[1], count: Self.count) == expected[1])
    // Now nobody has work: the death and the newcomer are noticed all the same.
    await kill(group.ranks[0])
    try await group.replace(0)
    for rank in 0..<3 {
      let prompt = Self.prompts[rank]
      #expect(try await group.ranks[rank].greedy(prompt, count: Self.count) == expected[rank])
    }
    let owned = try await group.ranks[0].metric("dpdeploy:expert_rows_computed_total")
    #expect(owned > 0)
    await group.stop()
  }

  @Test @Loop func `keeps every bit of a bf16 model too, over sizes and deaths`() async throws {
    let model = Fixtures.root + "/models/operator-moe"
    let alone = try await EngineGroup(1, model: model)
    let expected = try await alone.ranks[0].greedy(Self.prompts[0], count: 120)
    await alone.stop()
    let group = try await EngineGroup(3, model: model, arguments: Self.policy)
    #expect(group.ranks[0].log.contains("multiplies in bfloat16"), "\(group.ranks[0].log)")
    let survivor = Generation(group.ranks[1], Self.prompts[0], count: 120)
    for (victim, count) in [(2, 20), (0, 60)] {
      try await survivor.reach(count)
      await kill(group.ranks[victim])
    }
    #expect(try await survivor.finish() == expected)
    await group.stop()
  }

  @Test @Loop func `ends a rank that is stopped, and goes on`() async throws {
    let expected = try await Self.expected()
    let group = try await EngineGroup(2, arguments: Self.policy)
    let load = Generation(group.ranks[0], Self.prompts[0])
    try await load.reach(10)
    group.ranks[1].process.send(SIGSTOP)
    #expect(try await load.finish() == expected[0])
    #expect(await group.ranks[1].process.exit(until: .after(.seconds(10))) == .signalled(SIGKILL))
    await group.stop()
  }
}
