import Testing

@testable import Manifest

@Suite struct `What does not fit says need and have` {
  func remark(_ lines: String, _ code: DiagnosticCode) throws -> Diagnostic {
    try #require(read(smallest(lines)).diagnostics.first { $0.code == code })
  }

  @Test func `uneven nodes name the divisors`() throws {
    let remark = try remark(
      "  engine_kwargs: {data_parallel_size: 16}\n  experimental_configs: {dp_size_per_node: 6}", .unevenNodes
    )
    #expect(remark.message == "16 ranks do not divide into nodes of 6: need a divisor of 16, have 6")
    #expect(remark.help == "set `dp_size_per_node` to 4 or 8")
    #expect(remark.note == "`data_parallel_size` is 16 on line 5")
  }

  @Test func `a small cluster counts devices and nodes`() throws {
    let remark = try remark(
      "  engine_kwargs: {data_parallel_size: 16}\ncluster: {nodes: 1, devices: 8}", .doesNotFit)
    #expect(remark.message == "16 ranks in blocks of 8 need 2 nodes, have 1")
    #expect(remark.note == "need 16 devices (1 x 16 ranks), have 8 (1 x 8)")
    #expect(remark.help == "set `cluster.nodes` to 2, or lower `data_parallel_size`")
  }

  @Test func `redundant experts need the balancer`() throws {
    let lines = "  engine_kwargs: {eplb_config: {num_redundant_experts: 4}}"
    let remark = try remark(lines, .conflict)
    #expect(remark.message == "`num_redundant_experts` needs `enable_eplb`")
    #expect(remark.help == "set `enable_eplb` to true, or remove `num_redundant_experts`")
  }

  @Test func `how experts move is read with vLLM's defaults`() throws {
    let reading = read(smallest("  engine_kwargs: {enable_eplb: true, eplb_config: {step_interval: 600}}"))
    #expect(reading.diagnostics.isEmpty)
    let arguments = try #require(reading.manifest?.engineArguments)
    #expect(arguments.expertPlacementStrategy == "linear")
    let balancing = try #require(arguments.loadBalancing)
    #expect(balancing.windowSize == 1000 && balancing.stepInterval == 600)
    #expect(balancing.numRedundantExperts == 0 && !balancing.logBalancedness)
  }

  @Test func `a block never shares a node with another block of its group`() {
    let text = smallest(
      "  engine_kwargs: {data_parallel_size: 16}\n  experimental_configs: {dp_size_per_node: 8}\n"
        + "cluster: {nodes: 1, devices: 16}")
    #expect(places(text).contains("7:18 does-not-fit"))
  }

  static let layouts: [(lines: String, layout: ParallelLayout)] = [
    ("", ParallelLayout(size: 1, sizePerNode: 1, groups: 1, mostGroups: 1, nodes: 1, devicesPerNode: 1)),
    (
      "  engine_kwargs: {data_parallel_size: 16}\n  experimental_configs: {dp_size_per_node: 8}",
      ParallelLayout(size: 16, sizePerNode: 8, groups: 1, mostGroups: 1, nodes: 2, devicesPerNode: 8)
    ),
    (
      "  engine_kwargs: {data_parallel_size: 6}\ncluster: {devices: 4}",
      ParallelLayout(size: 6, sizePerNode: 3, groups: 1, mostGroups: 1, nodes: 2, devicesPerNode: 4)
    ),
    (
      "  engine_kwargs: {data_parallel_size: 6}\ncluster: {nodes: 2}",
      ParallelLayout(size: 6, sizePerNode: 3, groups: 1, mostGroups: 1, nodes: 2, devicesPerNode: 3)
    ),
    (
      "  engine_kwargs: {data_parallel_size: 4}\n  deployment_config: {num_replicas: 2}",
      ParallelLayout(size: 4, sizePerNode: 4, groups: 2, mostGroups: 2, nodes: 2, devicesPerNode: 4)
    ),
    (
      "  engine_kwargs: {data_parallel_size: 4}\n  deployment_config: {num_replicas: 2}\ncluster: {nodes: 1}",
      ParallelLayout(size: 4, sizePerNode: 4, groups: 2, mostGroups: 2, nodes: 1, devicesPerNode: 8)
    ),
  ]

  @Test(arguments: layouts) func `what the file leaves out is filled in so that it fits`(
    lines: String, layout: ParallelLayout
  ) throws {
    #expect(try manifest(lines).parallelism == layout)
  }

  @Test func `a token budget below the sequences needs as many as there are sequences`() throws {
    let remark = try remark("  engine_kwargs: {max_num_seqs: 100, max_num_batched_tokens: 99}", .conflict)
    #expect(remark.message.hasSuffix("need 100, have 99"))
  }

  @Test func `budgets and sequences left out follow each other`() throws {
    let wide = try manifest("  engine_kwargs: {max_num_seqs: 4096}").engineArguments
    #expect(wide.maxNumBatchedTokens == 4096)
    let narrow = try manifest("  engine_kwargs: {max_num_batched_tokens: 64}").engineArguments
    #expect(narrow.maxNumSeqs == 64)
    #expect(try manifest().engineArguments.maxNumBatchedTokens == 2048)
  }
}
