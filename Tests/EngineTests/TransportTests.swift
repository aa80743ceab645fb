import Glibc
import JSON
import Platform
import Synchronization
import Testing

@testable import ExpertParallel

/// Links, backends and dual batch overlap in real processes.
@Suite struct `A group on two nodes` {
  private static let nodes = ["--nodes", "0,0,1,1"]
  private static let links = ["--links", #"{"inter":{"latency_us":300,"gbps":10}}"#]
  private static let overlap = [
    "--enable-dbo", "--dbo-decode-token-threshold", "2", "--dbo-prefill-token-threshold", "2",
  ]

  /// Answers of a rank alone, and of four ranks that all have three requests at a time.
  @Loop private func answers(_ ranks: [EngineRank], count: Int) async throws -> [[Int32]] {
    let tasks = ranks.enumerated().flatMap { index, rank in
      (0..<3).map { number in
        let prompt = (0..<Int32(3 + 5 * number)).map { 4 + ($0 * 7 + Int32(number)) % 60 }
        return Task { @Loop in try await rank.greedy(prompt, count: count) }
      }
    }
    var answers: [[Int32]] = []
    for task in tasks { answers.append(try await task.value) }
    return answers
  }

  @Loop private func series(_ rank: EngineRank, _ name: String, _ label: String) async throws -> Double {
    let lines = try await rank.get("/metrics").text.split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix(name + "{") && String($0).contains(label) })
    return try #require(line.split(separator: " ").last.flatMap { Double($0) })
  }

  private static let backends = [
    [], ["naive"], ["allgather_reducescatter"], ["deepep_high_throughput"], ["deepep_low_latency"],
  ].map { $0.isEmpty ? [] : ["--all2all-backend", $0[0]] }

  @Test(
    arguments: [
      (Fixtures.toy, [String]()), (Fixtures.root + "/models/operator-moe", []),
      (Fixtures.root + "/models/operator-moe", ["--quantization", "int8"]),
    ], [false, true])
  @Loop func `answers with the same tokens by every backend, overlapped or not`(
    model: (folder: String, arguments: [String]), overlaps: Bool
  ) async throws {
    let small = ["--max-num-batched-tokens", "32", "--max-num-seqs", "8", "--moe-dp-chunk-size", "32"]
    let alone = try await EngineGroup(1, model: model.folder, arguments: model.arguments + small)
    let expected = try await answers(alone.ranks, count: 8)
    await alone.stop()
    var between: [String: Double] = [:]
    for backend in Self.backends {
      let group = try await EngineGroup(
        4, model: model.folder,
        arguments: model.arguments + small + Self.nodes + Self.links + backend
          + (overlaps ? Self.overlap : []))
      let found = try await answers(group.ranks, count: 8)
      for (index, answer) in found.enumerated() { #expect(answer == expected[index % 3], "\(backend)") }
      let used = try await series(group.ranks[1], "dpdeploy:dbo_steps_total", #"outcome="used""#)
      #expect(overlaps ? used > 0 : used == 0)
      let rank = group.ranks[0]
      let far = try await series(
        rank, "dpdeploy:exchanged_bytes_total", #"direction="dispatch",path="inter_node""#)
      let near = try await series(
        rank, "dpdeploy:exchanged_bytes_total", #"direction="dispatch",path="intra_node""#)
      #expect(far > 0 && near > 0)
      #expect(try await rank.metric("dpdeploy:dispatched_bytes_total") == far + near)
      #expect(try await rank.metric("dpdeploy:link_wait_seconds_total") > 0)
      between[backend.last ?? ""] = far
      await group.stop()
    }
    // A copy a node is least; a copy a rank most, but for a token's experts often being on few ranks.
    let once = try #require(between["deepep_high_throughput"])
    #expect(between.allSatisfy { $0.key == "deepep_high_throughput" || $0.value > once }, "\(between)")
  }

  @Test @Loop func `takes the backend from vLLM's old variable`() async throws {
    let rank = try EngineRank(
      socket: Fixtures.temporaryFolder() + "/r.sock", arguments: ["--model", Fixtures.toy],
      environment: ["VLLM_ALL2ALL_BACKEND=pplx"])
    #expect(await rank.end() == .exited(78))
    #expect(rank.log.contains("VLLM_ALL2ALL_BACKEND must be one of allgather_reducescatter, "), "\(rank.log)")
  }

  @Test @Loop func `counts the second set of buffers`() async throws {
    func workspace(_ arguments: [String]) async throws -> Double {
      let group = try await EngineGroup(2, arguments: arguments)
      let bytes = try await series(group.ranks[0], "dpdeploy:memory_bytes", #"part="workspace""#)
      await group.stop()
      return bytes
    }
    let (without, with) = (try await workspace([]), try await workspace(["--enable-dbo"]))
    let configuration = try Fixtures.json(Fixtures.toy + "/config.json")
    let hidden = try #require(configuration["hidden_size"]?.integer)
    let topK = try #require(configuration["num_experts_per_tok"]?.integer)
    // At least the rows of two ranks' 256 tokens, one for each of their experts.
    #expect(with - without >= Double(2 * 256 * topK * hidden * 4))
  }

  /// Where a rank is in a layer, by what it has published and returned.
  enum Phase: CaseIterable { case firstSent, bothSent, firstServed, bothServed }

  /// Where a stopped rank is; nil outside an overlapped layer.
  @Loop private func phase(_ line: RankLine) -> Phase? {
    func ordinal(_ word: UInt64) -> UInt64 { word & 0xFF_FFFF_FFFF }
    let sent = (0..<2).map { ordinal(line.published($0).pointee.load(ordering: .acquiring)) }
    let served = (0..<2).map { ordinal(line.returned($0).pointee.load(ordering: .acquiring)) }
    guard sent[1] > 0 else { return nil }
    // Steps that do not overlap advance the first half alone, so only the difference to its returns counts.
    let open = (sent[0] > served[0], sent[1] > served[1])
    switch open {
    case (true, false): return .firstSent
    case (true, true): return .bothSent
    case (false, true): return .firstServed
    case (false, false): return .bothServed
    }
  }

  @Test @Loop func `goes on with the same tokens when a rank dies in any phase of an overlapped layer`()
    async throws
  {
    let alone = try await EngineGroup(1)
    let expected = try await answers(alone.ranks, count: 300)
    await alone.stop()
    let group = try await EngineGroup(
      3,
      arguments: ["--failure-policy", "recover", "--nodes", "0,1,2"] + Self.links + Self.overlap)
    let memory = try group.segment.map(byteCount: SegmentLayout.controlBytes)
    let line = RankLine(try #require(memory.bytes.baseAddress), rank: 2)
    for phase in Phase.allCases {
      let lost = Task { @Loop in try? await answers([group.ranks[2]], count: 300) }
      let others = Task { @Loop in try await answers([group.ranks[0], group.ranks[1]], count: 300) }
      let used = try await series(group.ranks[0], "dpdeploy:dbo_steps_total", #"outcome="used""#)
      let deadline = Instant.after(.seconds(20))
      while try await series(group.ranks[0], "dpdeploy:dbo_steps_total", #"outcome="used""#) <= used + 2 {
        try #require(Instant.now < deadline)
      }
      try await kill(group.ranks[2], in: phase, line)
      let found = try await others.value
      for (index, answer) in found.enumerated() { #expect(answer == expected[index % 3], "\(phase)") }
      _ = await lost.value
      try await group.replace(2)
    }
    await group.stop()
  }

  /// Whether every thread of a process stands.
  private func isStopped(_ pid: pid_t) -> Bool {
    guard let folder = opendir("/proc/\(pid)/task") else { return true }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let thread = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard Int(thread) != nil, let text = try? Fixtures.bytes("/proc/\(pid)/task/\(thread)/stat") else {
        continue
      }
      let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
      if fields?.first != "T" { return false }
    }
    return true
  }

  /// Stops a rank again and again until it stands in `phase`, and ends it there.
  @Loop private func kill(_ rank: EngineRank, in wanted: Phase, _ line: RankLine) async throws {
    let deadline = Instant.after(.seconds(20))
    while true {
      rank.process.send(SIGSTOP)
      while !isStopped(rank.process.pid) { sched_yield() }
      if phase(line) == wanted { break }
      try #require(Instant.now < deadline, "never in \(wanted)")
      rank.process.send(SIGCONT)
      await Loop.sleep(for: .microseconds(Int.random(in: 100...900)))
    }
    rank.process.send(SIGKILL)
    _ = await rank.process.exit(until: .after(.seconds(10)))
  }
}
