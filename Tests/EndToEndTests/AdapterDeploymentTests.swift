import ControlAPI
import HTTP
import JSON
import Platform
import Testing

extension `Whole deployments` {
  /// Against what PEFT computes (`Tests/Fixtures/make_toy_adapters.py`).
  @Suite @Loop struct `A deployment with adapters` {
    private static let model = Tools.root + "/Tests/Fixtures/deepseek-v3-toy"

    @Test func `lists them, answers as PEFT does whichever rank is asked, and refuses the others`()
      async throws
    {
      try await onStage { stage in
        let folder = stage.folder + "/adapters"
        try #require(try await stage.run("/bin/cp", ["-r", Self.model + "/adapters", folder]).ended(with: 0))
        let path = try stage.quickstart([
          ("model_source: operator-moe", "model_source: \(Self.model)"),
          ("llm_config:", "llm_config:\n  lora_config: {dynamic_lora_loading_path: ./adapters}"),
          ("max_model_len: 4096", "max_model_len: 64\n    max_loras: 2"),
        ])
        let application = try await stage.deploy(path)
        let endpoint = try #require(application.endpoint.value)
        let client = HTTPClient(try #require(Endpoint(endpoint)))
        let list = try await client.request("GET", "/v1/models", until: .after(.seconds(10)))
        let models = try JSONValue(parsing: list.body)["data"]?.elements?.compactMap { $0["id"]?.string }
        let base = application.modelId
        #expect(models == [base, base + ":all", base + ":queries"])
        for rank in ["0", "1"] {
          for adapter in ["all", "queries"] { try await answers(client, base, adapter, rank) }
        }
        let (status, _) = try await ask(client, base + ":other", [1, 2], rank: "0")
        #expect(status == 404)
        guard let python = Tools.python else { return }
        let openai = try await stage.run(
          python, [Tools.tests + "/adapters.py", endpoint, base, folder], within: .seconds(60))
        #expect(openai.ended(with: 0), "\(openai)")
      }
    }

    private func answers(_ client: HTTPClient, _ base: String, _ adapter: String, _ rank: String) async throws
    {
      let file = try text(ofFile: Self.model + "/adapters/\(adapter)/golden.json")
      let golden = try #require(try JSONValue(parsing: file)["prompts"]?.elements?.first)
      let prompt = golden["prompt"]?.elements?.compactMap(\.integer) ?? []
      let (status, tokens) = try await ask(client, "\(base):\(adapter)", prompt, rank: rank)
      #expect(
        status == 200 && tokens == golden["greedy"]?.elements?.compactMap(\.integer), "\(adapter) on \(rank)")
    }

    private func ask(
      _ client: HTTPClient, _ model: String, _ prompt: [Int], rank: String
    ) async throws -> (status: Int, tokens: [Int]?) {
      let body =
        #"{"model":"\#(model)","prompt":\#(prompt),"max_tokens":16,"temperature":0,"ignore_eos":true,"#
        + #""return_token_ids":true}"#
      let answer = try await client.request(
        "POST", "/v1/completions",
        fields: [("Content-Type", "application/json"), ("X-data-parallel-rank", rank)],
        body: Array(body.utf8),
        until: .after(.seconds(20)))
      let choice = try JSONValue(parsing: answer.body)["choices"]?.elements?.first
      return (answer.status, choice?["token_ids"]?.elements?.compactMap(\.integer))
    }
  }
}
