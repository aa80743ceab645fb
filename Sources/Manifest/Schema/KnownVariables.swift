/// Environment variables that deserve a word: what they do here, and what to use in their place.
public struct KnownVariable: Sendable {
  /// The variable's name; a trailing `*` stands for any ending.
  public let name: String
  /// What it is for, in one sentence.
  public let summary: String
  /// What the bundled engine does with it.
  public let bundled: Standing
  /// What to write in its place, if anything.
  public let instead: String?
  /// Why no service should run with this value; nil for an ordinary variable.
  let danger: (@Sendable (_ value: String) -> Danger?)?

  /// A reason to warn about a value whatever the engine.
  struct Danger: Sendable {
    let code: DiagnosticCode
    let message: String
    let help: String
  }

  init(
    _ name: String, _ summary: String, _ bundled: Standing, instead: String? = nil,
    danger: (@Sendable (String) -> Danger?)? = nil
  ) {
    self.name = name
    self.summary = summary
    self.bundled = bundled
    self.instead = instead
    self.danger = danger
  }

  /// The entry for a variable, nil for one nothing is known about.
  public static func named(_ name: String) -> KnownVariable? {
    all.first { known in
      known.name.hasSuffix("*") ? name.hasPrefix(known.name.dropLast()) : known.name == name
    }
  }

  /// The size of a chunk of tokens on their way to their experts; the bundled engine reads it.
  static let chunkSizeName = "VLLM_MOE_DP_CHUNK_SIZE"

  /// How tokens travel; the bundled engine reads it.
  static let backendName = "VLLM_ALL2ALL_BACKEND"

  /// All of them, in the order of the documentation.
  public static let all: [KnownVariable] = [
    KnownVariable(
      chunkSizeName,
      "Tokens of a rank that travel to their experts at once; less memory when lower, more exchanges in a step. With"
        + " `deepep_low_latency` the slots that each expert has for each rank.",
      .inEffect),
    KnownVariable(
      backendName, "How tokens travel to their experts, where `all2all_backend` does not say.", .inEffect,
      instead: "`engine_kwargs.all2all_backend`"),
    KnownVariable(
      "VLLM_USE_DEEP_GEMM",
      "DeepGEMM's FP8 kernels on NVIDIA GPUs; here, bfloat16 products from weights that are packed once (1, the"
        + " default) or at every use (0): slower, to the same bits, without the packed copy on disk.",
      .inEffect),
    KnownVariable(
      "VLLM_SKIP_P2P_CHECK", "Trust the driver on access between GPUs.",
      .noEffect("there are no GPUs to check")),
    KnownVariable(
      "VLLM_MOE_ROUTING_SIMULATION_STRATEGY", "Replace the router by made-up routing, for benchmarks.",
      .noEffect("the real router always runs"),
      danger: { _ in
        Danger(
          code: .benchmarkOnly,
          message: "replaces the model's router by made-up routing: vLLM would answer with garbage",
          help: "remove it; it is a benchmark switch")
      }),
    KnownVariable(
      "VLLM_RANDOMIZE_DP_DUMMY_INPUTS", "Random tokens in dummy steps, for benchmarks.",
      .noEffect("dummy steps carry no tokens"),
      danger: { value in
        guard !["0", "false"].contains(value.lowercased()) else { return nil }
        return Danger(
          code: .benchmarkOnly, message: "makes idle ranks compute random tokens; it is for benchmarks",
          help: "remove it from a deployment that serves people")
      }),
    KnownVariable(
      "VLLM_LOGGING_LEVEL", "How much vLLM logs.", .noEffect("ranks log one line an event"),
      danger: { value in
        guard value.uppercased() == "DEBUG" else { return nil }
        return Danger(
          code: .questionable, message: "makes vLLM log every step, which costs time and fills disks",
          help: "write INFO, or remove it")
      }),
    KnownVariable(
      "VLLM_SERVER_DEV_MODE", "Open vLLM's development endpoints.", .noEffect("there are none here"),
      danger: { value in
        guard !["0", "false"].contains(value.lowercased()) else { return nil }
        return Danger(
          code: .questionable, message: "opens endpoints that can pause or empty the engine to every client",
          help: "remove it from a deployment that serves people")
      }),
    KnownVariable("NVIDIA_GDRCOPY", "GPUDirect RDMA copies.", .noEffect("there are no GPUs")),
    KnownVariable("PYTORCH_CUDA_ALLOC_CONF", "PyTorch's GPU allocator.", .noEffect("there is no PyTorch")),
    KnownVariable("NCCL_*", "NVIDIA's collectives.", .noEffect("ranks talk through shared memory")),
    KnownVariable(
      "NVSHMEM_*", "NVIDIA's shared memory between GPUs.", .noEffect("ranks talk through shared memory")),
    KnownVariable("GLOO_*", "PyTorch's collectives on CPUs.", .noEffect("ranks talk through shared memory")),
    KnownVariable("UCX_*", "The UCX network library.", .noEffect("ranks talk through shared memory")),
    KnownVariable("CUDA_*", "NVIDIA's driver.", .noEffect("there are no GPUs")),
    KnownVariable("HF_*", "Hugging Face's libraries.", .noEffect("nothing is downloaded")),
    KnownVariable("RAY_*", "Ray.", .noEffect("there is no Ray on the local backend")),
  ]
}
