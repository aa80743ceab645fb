import HTTP
import JSON
import Platform
import Testing

@Suite struct `A priority` {
  @Test @Loop func `lets a later request overtake those that wait, and nobody under fcfs`() async throws {
    let group = try await EngineGroup(
      1, arguments: ["--scheduling-policy", "priority", "--max-num-seqs", "1"])
    let rank = group.ranks[0]
    let long = try await rank.stream(
      "/v1/completions", #"{"prompt":[5],"max_tokens":1500,"temperature":0,"ignore_eos":true,"stream":true}"#)
    _ = try await long.read(until: .after(.seconds(10)))
    var order: [Int] = []
    var waiting: [Task<Void, any Error>] = []
    for (index, priority) in [7, 3, -2, 3].enumerated() {
      waiting.append(
        Task { @Loop in
          let body =
            #"{"prompt":[6],"max_tokens":100,"temperature":0,"ignore_eos":true,"priority":\#(priority)}"#
          let answer = try await rank.post("/v1/completions", body)
          #expect(answer.status == 200)
          order.append(index)
        })
      let deadline = Instant.after(.seconds(20))
      while try await rank.metric("vllm:num_requests_waiting") < Double(index + 1) {
        try #require(Instant.now < deadline, "request \(index) does not wait")
      }
    }
    long.cancel()
    for task in waiting { try await task.value }
    #expect(order == [2, 1, 3, 0])
    await group.stop()
  }
}
