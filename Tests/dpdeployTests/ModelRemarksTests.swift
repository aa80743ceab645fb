import JSON
import Manifest
import Planning
import Testing

@testable import dpdeploy

/// 1.1 billion parameters of which experts have a billion, so 2 GiB in 16 bits; 16 KiB of keys and values a token.
private let sparse = """
  {"hidden_size": 1024, "num_hidden_layers": 8, "vocab_size": 32000, "intermediate_size": 2048,
   "num_local_experts": 20, "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 4096,
   "torch_dtype": "bfloat16"}
  """

@Suite struct `What a model's numbers say against a manifest` {
  private func remarks(
    _ lines: String, kwargs: String = "", model: String = sparse, memoryBytes: Int? = 64 << 30
  ) throws -> [Diagnostic] {
    let text = """
      name: app
      llm_config:
        model_loading_config: {model_id: m}
        engine_kwargs: {\(kwargs)}
      \(lines)
      """
    let manifest = try #require(Manifest.read(ManifestSource(name: "a.yaml", text: text)).manifest)
    let shape = try ModelShape(config: JSONValue(parsing: model))
    return ModelRemarks(manifest: manifest, shape: shape, memoryBytes: memoryBytes).all
  }

  private func text(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { "\($0)\n  note: \($0.note ?? "")\n  help: \($0.help ?? "")\n" }.joined()
  }

  @Test func `is nothing where all of it fits`() throws {
    #expect(try remarks("engine_options: {accelerator_memory: 4GiB}", kwargs: "data_parallel_size: 2") == [])
  }

  @Test func `reads as agreed`() throws {
    let dense = sparse.replacing("\"num_local_experts\": 20, ", with: "")
    let cases: [(name: String, remarks: [Diagnostic])] = [
      (
        "dense",
        try remarks(
          "engine_options: {accelerator_memory: 4GiB}", kwargs: "data_parallel_size: 4", model: dense)
      ),
      (
        "dense-groups",
        try remarks(
          "  deployment_config: {num_replicas: 2}\nengine_options: {accelerator_memory: 4GiB}",
          kwargs: "data_parallel_size: 2", model: dense)
      ),
      ("weights", try remarks("engine_options: {accelerator_memory: 1GiB}", kwargs: "data_parallel_size: 2")),
      (
        "sequence",
        try remarks(
          "engine_options: {accelerator_memory: 1536MiB}",
          kwargs: "data_parallel_size: 2, max_model_len: 90000")
      ),
      ("vllm", try remarks("  accelerator_type: H100\nengine: vllm", kwargs: "max_model_len: 9000000")),
      (
        "machine",
        try remarks(
          "engine_options: {accelerator_memory: 4GiB}", kwargs: "data_parallel_size: 8", memoryBytes: 16 << 30
        )
      ),
    ]
    try Golden.expect(
      cases.map { "\($0.name)\n\(text($0.remarks))" }.joined(separator: "\n"), "model-remarks.txt")
  }

  @Test func `is nothing of a device that nobody named`() throws {
    #expect(try remarks("engine: vllm", kwargs: "max_model_len: 9000000") == [])
    #expect(
      try remarks(
        "engine_options: {accelerator_memory: 4GiB}", kwargs: "data_parallel_size: 8", memoryBytes: nil) == []
    )
  }
}
