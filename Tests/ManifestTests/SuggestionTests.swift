import Testing

@testable import Manifest

@Suite struct `Did you mean` {
  static let cases: [(line: String, help: String)] = [
    ("nmae2: x", "`dpdeploy explain` lists the keys"),
    ("ingres: {}", "did you mean `ingress`?"),
    ("ingress: {prot: 1}", "did you mean `port`?"),
    ("min_replicas: 2", "`min_replicas` belongs under `llm_config.deployment_config.autoscaling_config`"),
    ("data_parallel_size: 2", "`data_parallel_size` belongs under `llm_config.engine_kwargs`"),
    ("data-paralel-size: 2", "`data_parallel_size` belongs under `llm_config.engine_kwargs`"),
    ("VLLM_USE_V1: 1", "variables belong under `llm_config.runtime_env.env_vars`"),
    ("ingress: {nodes: 2}", "`nodes` belongs under `cluster`"),
    ("ingress: {name: x}", "`name` belongs at the top level"),
  ]

  @Test(arguments: cases) func `names a sibling, or the section the key belongs to`(
    line: String, help: String
  ) {
    let found = read(smallest(line)).diagnostics.compactMap(\.help).first
    #expect(found?.hasPrefix(help) == true, "\(found ?? "nothing")")
  }

  @Test func `finds slips and swaps, and nothing far away`() {
    let words = ["power_of_two", "round_robin", "port"]
    #expect(Suggestion.nearest(to: "powr_of_two", among: words) == "power_of_two")
    #expect(Suggestion.nearest(to: "round-robin", among: words) == "round_robin")
    #expect(Suggestion.nearest(to: "prot", among: words) == "port")
    #expect(Suggestion.nearest(to: "xyzzy", among: words) == nil)
    #expect(Suggestion.nearest(to: "services", among: ["devices"]) == nil)
    #expect(Suggestion.nearest(to: "evices", among: ["devices"]) == "devices")
    #expect(Suggestion.nearest(to: "devcies1", among: ["devices"]) == "devices")
    #expect(Suggestion.nearest(to: String(repeating: "x", count: 5000), among: words) == nil)
  }

  @Test func `counts a swap of neighbours as one slip`() {
    #expect(Suggestion.distance(Array("ab".utf8), Array("ba".utf8), limit: 2) == 1)
    #expect(Suggestion.distance(Array("kitten".utf8), Array("sitting".utf8), limit: 3) == 3)
    #expect(Suggestion.distance([], Array("ab".utf8), limit: 2) == 2)
  }

  @Test func `a misspelled variable is met with the one that exists`() throws {
    let reading = read(smallest("  runtime_env: {env_vars: {VLLM_USE_DEEP_GEM: \"1\"}}"))
    #expect(reading.diagnostics.first?.help == "did you mean `VLLM_USE_DEEP_GEMM`?")
  }
}
