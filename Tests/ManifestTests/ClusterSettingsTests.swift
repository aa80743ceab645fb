import Testing

@testable import Manifest

@Suite struct `A manifest for a Ray cluster` {
  private func read(_ rest: String) -> ManifestReading {
    Manifest.read(
      ManifestSource(
        name: "app.yaml",
        text: """
          name: app
          llm_config:
            model_loading_config: {model_id: m}
            engine_kwargs: {data_parallel_size: 4}
            experimental_configs: {dp_size_per_node: 2}
          \(rest)
          """))
  }

  @Test func `needs the cluster's address, at whatever port it is`() throws {
    let without = read("backend: ray\nengine: vllm")
    #expect(
      without.diagnostics.contains { $0.code == .missingField && $0.message.contains("cluster.address") })
    for (written, url) in [
      ("head", "http://head:8265"), ("head:80", "http://head:80"), ("https://ray.org/", "https://ray.org"),
      ("\"[::1]\"", "http://[::1]:8265"), ("\"http://[::1]:7\"", "http://[::1]:7"),
    ] {
      let reading = read("backend: ray\nengine: vllm\ncluster: {address: \(written)}")
      #expect(reading.manifest?.cluster.address == url, "\(reading.diagnostics)")
    }
  }

  @Test func `says what of it only the other backend heeds`() throws {
    let ray = read("backend: ray\nengine: vllm\ncluster: {address: head, nodes: 2}")
    #expect(ray.diagnostics.contains { $0.code == .noEffect && $0.message.contains("`nodes`") })
    let local = read("cluster: {address: head, route_prefix: /x}")
    #expect(local.diagnostics.count { $0.code == .noEffect && $0.message.contains("backend: ray") } == 2)
    let bare = read("backend: ray\nengine: vllm\ncluster: {address: head, route_prefix: x}")
    #expect(bare.diagnostics.contains { $0.code == .badValue && $0.help == "write `/x`" })
  }

  @Test func `keeps a group of the bundled engine on one node`() throws {
    let reading = read("backend: ray\ncluster: {address: head}")
    let refusal = try #require(reading.diagnostics.first { $0.code == .notYet })
    #expect(refusal.span?.line == 5 && refusal.help?.contains("`dp_size_per_node` to 4") == true)
  }
}
