import ControlAPI
import Glibc
import Platform
import Testing

extension Drill {
  /// The seed guide's causes first, then the others.
  static let all = [
    Drill(
      state: "Insufficient resources", means: "`accelerator_memory` holds less than the weights", hint: "H01",
      changes: [("ingress:\n", "engine_options: {accelerator_memory: 1MiB}\ningress:\n")], starts: false),
    Drill(
      state: "Network between nodes down at start", means: "`cluster.links: {0-1: down}`", hint: "H02",
      changes: [twoNodes("{0-1: down}")], starts: false),
    Drill(
      state: "Batch size too small", means: "`max_num_seqs: 4` on two ranks, twelve users", hint: "H05",
      changes: [("max_num_seqs: 64", "max_num_seqs: 4")], users: [DrillUsers(count: 12)],
      isShort: true),
    Drill(
      state: "Inefficient routing", means: "ten users pin rank 0 with `X-data-parallel-rank`", hint: "H03",
      users: [DrillUsers(count: 10, maxTokens: 200, rank: 0)]),
    Drill(
      state: "Slow network between replicas", means: "links of 20 ms between two nodes", hint: "H19",
      changes: [twoNodes("{inter: {latency_us: 20000, gbps: 1}}")], users: [DrillUsers(count: 8)]),
    Drill(
      state: "Low traffic", means: "one user on two ranks", hint: "H17",
      users: [DrillUsers(count: 1, maxTokens: 400)]),
    Drill(
      state: "Chunk too small", means: "`VLLM_MOE_DP_CHUNK_SIZE: 1`, eight users", hint: "H20",
      changes: [
        (
          "ingress_deployment_config:",
          "  runtime_env:\n    env_vars: {VLLM_MOE_DP_CHUNK_SIZE: \"1\"}\n\ningress_deployment_config:"
        )
      ],
      users: [DrillUsers(count: 8)]),
    Drill(
      state: "Ranks above cores", means: "four ranks more than the machine has cores", hint: "H22",
      changes: [("data_parallel_size: 2", "data_parallel_size: \(Processor.count + 4)")],
      users: [DrillUsers(count: 2 * (Processor.count + 4))]),
    Drill(
      state: "Stale metrics", means: "an ingress replica gets SIGSTOP", hint: "H15", isShort: true,
      act: { kill(try #require($1.pids(.ingress).max()), SIGSTOP) }),
    Drill(
      state: "Admission limit", means: "`max_queued_requests: 2`, `max_num_seqs: 1`, sixteen users",
      hint: "H23",
      changes: [
        ("max_num_seqs: 64", "max_num_seqs: 1"), ("ingress:\n", "ingress:\n  max_queued_requests: 2\n"),
      ],
      users: [DrillUsers(count: 16)]),
  ]

  /// A rank on each of two nodes, with these links.
  private static func twoNodes(_ links: String) -> (from: String, to: String) {
    (
      "ingress_deployment_config:",
      """
        experimental_configs: {dp_size_per_node: 1}

      cluster: {nodes: 2, devices: 1, links: \(links)}

      ingress_deployment_config:
      """
    )
  }
}
