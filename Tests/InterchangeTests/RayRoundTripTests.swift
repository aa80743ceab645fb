import Manifest
import Testing

@testable import Interchange

@Suite struct `A Ray Serve config made of a manifest` {
  private func reread(_ manifest: Manifest) throws -> Manifest {
    let text = try text(Rendition(of: manifest, as: .ray), ".serve.yaml")
    let reading = Manifest.read(ManifestSource(name: "ray.yaml", text: text), engine: .vllm)
    return try #require(reading.manifest, "\(reading.diagnostics)\n\(text)")
  }

  @Test func `reads back to the same manifest, whatever fields and values there are`() throws {
    var compared = 0
    for seed in 0..<400 {
      var random = RandomManifest(seed: UInt64(seed))
      let source = ManifestSource(name: "m.yaml", text: random.text())
      guard let before = Manifest.read(source, engine: .vllm).manifest else { continue }
      let after = try reread(before)
      let carried = Uncarried.carried(by: .ray)
      for entry in before.settings.entries where !entry.isSecret {
        guard carried.contains(where: { Uncarried.covers($0, entry.path) }) else { continue }
        #expect(after.settings[entry.path]?.value == entry.value, "seed \(seed), \(entry.path)")
      }
      compared += 1
    }
    #expect(compared >= 100, "too few of the random manifests can be used")
  }

  @Test func `says line by line what Ray has no place for, and there alone`() throws {
    let made = try manifest(
      "ingress: {port: 8123, policy: session}\nslo: {ttft_ms: 500}\nrollout: {auto_rollback: false}",
      variables: "A: b, MY_TOKEN: hush")
    let rendition = Rendition(of: made, as: .ray)
    let subjects = rendition.remarks.map { remark in
      "\(remark.span?.line ?? 0) \(remark.message.split(separator: "`").first { !$0.contains(" ") } ?? "")"
    }
    #expect(
      subjects == ["10 ingress.policy", "11 slo.ttft_ms", "12 rollout.auto_rollback", "9 MY_TOKEN"])
    let text = try text(rendition, ".serve.yaml")
    #expect(text.contains("#   - line 10: `ingress.policy` is not carried over"))
    #expect(!text.contains("hush") && text.contains("A: b"))
  }

  @Test func `gives the ingress a range, as the builder refuses one number`() throws {
    let text = try text(
      Rendition(of: try manifest("ingress_deployment_config: {num_replicas: 3}"), as: .ray), ".yaml")
    #expect(text.contains("min_replicas: 3\n") && text.contains("max_replicas: 3\n"))
    #expect(!text.contains("ingress_deployment_config:\n        num_replicas"))
  }

  @Test func `of the guide's example is the guide's arguments, key for key`() throws {
    let guide = try manifest(of: contents("manifests/deepseek-v3-16dp.yaml"))
    let text = try text(Rendition(of: guide, as: .ray), ".yaml")
    for line in [
      "import_path: \"ray.serve.llm:build_dp_openai_app\"", "data_parallel_size: 16", "max_num_seqs: 4096",
      "enable_dbo: true", "dp_size_per_node: 8", "VLLM_USE_DEEP_GEMM: \"1\"", "min_replicas: 64",
      "port: 8016",
    ] { #expect(text.contains("\(line)\n"), "\(line)") }
  }
}
