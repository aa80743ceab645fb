import ExpertParallel

/// What `dpengine --help` prints.
public enum EngineHelp {
  /// An option, what follows it, and what it does.
  public static let options: [(name: String, value: String, meaning: String)] = [
    ("--model", "DIR", "the model's folder in Hugging Face layout (required)"),
    ("--served-model-name", "NAME", "the name that clients use (the folder's)"),
    ("--host", "H", "the address to listen on (127.0.0.1)"),
    ("--port", "P", "the port to listen on (8000)"),
    ("--uds", "PATH", "a Unix socket to listen on, in place of host and port"),
    ("--data-parallel-size", "N", "ranks that form the group (1)"),
    ("--data-parallel-capacity", "N", "the most ranks that it may grow to (--data-parallel-size)"),
    ("--data-parallel-rank", "R", "this rank's number, from 0"),
    ("--group-fd", "FD", "the group's shared segment, an inherited descriptor"),
    ("--epoch", "E", "the life of the group that this rank belongs to (1)"),
    ("--stats-page", "PATH", "where to publish statistics"),
    ("--max-num-seqs", "N", "sequences that run at once (256)"),
    ("--max-model-len", "N", "tokens of a prompt and its answer (the model's own limit)"),
    ("--max-num-batched-tokens", "N", "tokens of one step (2048, or --max-num-seqs if that is more)"),
    ("--max-num-queued-reqs", "N", "requests that may wait (no limit)"),
    ("--block-size", "N", "tokens of a KV block (16)"),
    ("--kv-cache-memory-bytes", "N", "bytes of the KV cache, in place of --gpu-memory-utilization"),
    ("--prefill-schedule-interval", "N", "new prompts begin on every n-th step of the group (1)"),
    ("--gpu-memory-utilization", "X", "the share of the memory that may be used (0.9)"),
    ("--accelerator-memory", "BYTES", "memory of the virtual accelerator (1073741824)"),
    ("--num-gpu-blocks-override", "N", "KV blocks, in place of what the memory has room for"),
    ("--moe-dp-chunk-size", "N", "tokens that a rank sends to the experts at once (256)"),
    (
      "--all2all-backend", "B",
      "how tokens travel: \(ExchangeBackend.allCases.map(\.rawValue).joined(separator: ", "))"
    ),
    ("--nodes", "0,0,1,1", "the virtual node of each rank (all on one)"),
    (
      "--links", "JSON",
      "modelled links, like {\"inter\": {\"latency_us\": 50, \"gbps\": 100}, \"0-1\": \"down\"} (memory)"
    ),
    ("--[no-]enable-dbo", "", "overlap the two halves of a step, when all ranks have tokens enough (no)"),
    ("--dbo-decode-token-threshold", "N", "tokens from which a step without prompts overlaps (32)"),
    ("--dbo-prefill-token-threshold", "N", "tokens from which a step with prompts overlaps (512)"),
    ("--dtype", "FORMAT", "auto, bfloat16 or float32: how matrices are multiplied (auto)"),
    ("--quantization", "FORMAT", "int8: multiply in eight bits, half the memory, close to the same text"),
    ("--packed-weights", "DIR", "where packed weights are kept (~/.cache/dpdeploy/packed)"),
    ("--[no-]enable-prefix-caching", "", "share the KV blocks of equal prefixes (no)"),
    ("--[no-]enable-chunked-prefill", "", "compute long prompts over several steps (yes)"),
    ("--scheduling-policy", "P", "which request goes first: fcfs, or priority, the lowest number (fcfs)"),
    ("--[no-]enable-expert-parallel", "", "accepted; each expert always lives on one rank"),
    ("--expert-placement-strategy", "S", "who owns which expert: linear or round_robin (linear)"),
    ("--[no-]enable-eplb", "", "move experts to even out the load (no)"),
    (
      "--eplb-config", "JSON",
      "window_size (1000), step_interval (3000), num_redundant_experts (0), log_balancedness (false)"
    ),
    ("--[no-]enable-lora", "", "let requests ask for adapters (no)"),
    ("--lora-modules", "NAME=DIR …", "adapters as PEFT saves them, read at the start"),
    ("--lora-folder", "DIR", "a folder with one for each adapter, read when they are asked for"),
    ("--max-loras", "N", "adapters held at once (1)"),
    ("--max-lora-rank", "N", "the most that an adapter's rank may be (16)"),
    (
      "--failure-policy", "P", "when a rank dies: restart_gang ends the group, recover goes on (restart_gang)"
    ),
    ("--[no-]guard-foreign-experts", "", "make other ranks' experts unreadable (no)"),
    ("--seed", "N", "seeds requests that bring none (by chance)"),
    ("--help", "", "print this"),
    ("--man", "", "print the manual page, for `man -l -`"),
    ("--version", "", "print the version"),
  ]

  /// What the program is.
  public static let summary = "one rank of a data-parallel group, speaking vLLM's HTTP API"
  /// How it ends.
  public static let exits = """
    Ends with 0 after SIGTERM, once its requests are answered; 78 when the same start would fail again;
    75 when the group broke; 1 otherwise. The reason is one line on standard error.
    """

  /// The whole text.
  static var text: String {
    let lines = options.map { option in
      let usage = option.value.isEmpty ? option.name : "\(option.name) \(option.value)"
      return "  " + usage + String(repeating: " ", count: max(2, 34 - usage.count)) + option.meaning
    }
    return """
      dpengine: \(summary)

      usage: dpengine --model DIR [options]

      \(lines.joined(separator: "\n"))

      \(exits)

      """
  }
}
