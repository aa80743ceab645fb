import JSON
import Platform
import Testing

/// Against transformers' greedy answers (`Tests/Fixtures/make_operator_moe_goldens.py`).
@Suite struct `The bundled model` {
  /// The JSON spelling of a text without control characters.
  private func quoted(_ text: String?) -> String {
    "\"" + (text ?? "").map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
  }

  private func request(_ entry: JSONValue) -> (path: String, body: String) {
    let common = #""max_tokens":48,"temperature":0,"return_token_ids":true"#
    guard let messages = entry["messages"]?.elements else {
      // Texts were continued to the limit, past any end token.
      return (
        "/v1/completions", "{\"prompt\":\(quoted(entry["prompt"]?.string)),\"ignore_eos\":true,\(common)}"
      )
    }
    let written = messages.map {
      "{\"role\":\(quoted($0["role"]?.string)),\"content\":\(quoted($0["content"]?.string))}"
    }
    return ("/v1/chat/completions", "{\"messages\":[\(written.joined(separator: ","))],\(common)}")
  }

  @Test @Loop func `answers 20 prompts as transformers does`() async throws {
    let golden = try Fixtures.json(Fixtures.root + "/Tests/Fixtures/operator-moe/greedy.json")
    let entries = try #require(golden["prompts"]?.elements)
    #expect(entries.count == 20)
    // Each rank reads no expert but its own: the others' pages are unreadable.
    let group = try await EngineGroup(
      2, model: Fixtures.root + "/models/operator-moe", arguments: ["--guard-foreign-experts"])
    for rank in group.ranks {
      let line = try #require(rank.log.split(separator: "\n").first { $0.hasSuffix("experts unreadable") })
      #expect(line.split(separator: " ").compactMap { Int($0) }.first ?? 0 > 1_000_000, "\(line)")
    }
    let tasks = entries.enumerated().map { index, entry in
      Task { @Loop in
        let (path, body) = request(entry)
        return try await group.ranks[index % 2].post(path, body)
      }
    }
    for (entry, task) in zip(entries, tasks) {
      let answer = try await task.value.json
      let choice = answer["choices"]?.elements?.first
      let name = entry["prompt"]?.string ?? entry["messages"]?.elements?.last?["content"]?.string ?? ""
      #expect((choice?["prompt_token_ids"] ?? answer["prompt_token_ids"]) == entry["promptIds"], "\(name)")
      #expect(choice?["token_ids"] == entry["outputIds"], "\(name)")
      #expect((choice?["message"]?["content"] ?? choice?["text"]) == entry["text"], "\(name)")
      #expect(choice?["finish_reason"] == entry["finish"], "\(name)")
    }
    await group.stop()
  }
}
