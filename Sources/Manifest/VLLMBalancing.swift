/// Who balances over the engines of a data-parallel group of vLLM, in the words of its load-balancing modes.
public enum VLLMBalancing: String, Sendable, CaseIterable {
  /// dpdeploy's ingress: each engine has a `vllm serve` of its own.
  case external
  /// vLLM: one `vllm serve` has all engines of the group.
  case `internal`
  /// Both: one `vllm serve` on each node balances over the engines there, the ingress over the nodes.
  case hybrid
}

extension Manifest {
  /// Engines behind one `vllm serve`.
  public var enginesPerServer: Int {
    switch vllm?.balancing ?? .external {
    case .external: 1
    case .internal: parallelism.size
    case .hybrid: parallelism.sizePerNode
    }
  }
}
