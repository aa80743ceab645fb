import Testing

@testable import Manifest

/// A manifest that is wrong in one place, and what must be said about it.
struct WrongManifest: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  let expected: [String]

  init(_ name: String, _ lines: String, _ expected: String...) {
    self.name = name
    text = smallest(lines)
    self.expected = expected
  }

  /// A text that does not begin with the smallest manifest.
  init(_ name: String, whole text: String, _ expected: String...) {
    self.name = name
    self.text = text
    self.expected = expected
  }

  var testDescription: String { name }
}

/// The smallest manifest has four lines, so added lines begin at line 5.
@Suite struct `Errors stand where the mistake is` {
  static let fields: [WrongManifest] = [
    .init("unknown key at the top", "frobnicate: 1", "5:1 unknown-key"),
    .init("unknown key below", "ingress:\n  prot: 80", "6:3 unknown-key"),
    .init("wrong type", "ingress:\n  port: eighty", "6:9 wrong-type"),
    .init("quoted number", "ingress:\n  port: \"80\"", "6:9 wrong-type"),
    .init("out of range", "ingress:\n  port: 70000", "6:9 bad-value"),
    .init("beyond 64 bits", "ingress:\n  port: 99999999999999999999", "6:9 bad-value"),
    .init("number for integer", "ingress:\n  port: 80.5", "6:9 wrong-type"),
    .init("mapping for integer", "ingress:\n  port: {a: 1}", "6:9 wrong-type"),
    .init("list for section", "ingress: [1]", "5:10 wrong-type"),
    .init("word for section", "ingress: here", "5:10 wrong-type"),
    .init("share above one", "llm_config_:\n  a: 1", "5:1 unknown-key"),
    .init("unknown choice", "ingress:\n  policy: power_of_three", "6:11 bad-value"),
    .init("cluster without address", "backend: ray", "5:10 missing-field"),
    .init("balancing of no engine", "engine: vllm\nengine_options: {mode: both}", "6:24 bad-value"),
    .init("prefill groups", "prefill_config: {}", "5:1 not-yet"),
    .init("decode groups", "decode_config: {}", "5:1 not-yet"),
    .init("infinite", "ingress:\n  max_queue_wait_s: .inf", "6:21 bad-value"),
    .init("zero where above zero", "ingress:\n  max_queue_wait_s: 0", "6:21 bad-value"),
    .init("size in words", "engine_options:\n  accelerator_memory: lots", "6:23 wrong-type"),
    .init("host with a space", "ingress:\n  host: a b", "6:9 bad-value"),
    .init("version of the future", "apiVersion: dpdeploy/v9", "5:13 bad-value"),
    .init("missing name", whole: "llm_config: {model_loading_config: {model_id: a}}", "1:1 missing-field"),
    .init(
      "name without a value", whole: "name:\nllm_config: {model_loading_config: {model_id: a}}",
      "1:1 missing-field"),
    .init("missing model", whole: "name: a\nllm_config:\n  model_loading_config:\n", "3:3 missing-field"),
    .init("missing everything below", whole: "name: a\n", "1:1 missing-field"),
    .init("bad name", whole: "name: A_b\nllm_config: {model_loading_config: {model_id: a}}", "1:7 bad-value"),
    .init(
      "name of no string", whole: "name: 12\nllm_config: {model_loading_config: {model_id: a}}",
      "1:7 wrong-type"),
    .init("variable with a bad name", "  runtime_env: {env_vars: {A-B: x}}", "5:28 bad-value"),
    .init("variable of ours", "  runtime_env: {env_vars: {DPDEPLOY_TOKEN: x}}", "5:28 conflict"),
    .init("variable without value", "  runtime_env: {env_vars: {A: }}", "5:28 missing-field"),
    .init("variable that is a list", "  runtime_env: {env_vars: {A: [1]}}", "5:31 wrong-type"),
    .init("links that are a word", "cluster: {links: fast}", "5:11 bad-value"),
    .init("a link to nowhere", "cluster: {links: {0-0: down}}", "5:11 bad-value"),
    .init("no way inside a node", "cluster: {links: {intra: down}}", "5:11 bad-value"),
    .init("a link without speed", "cluster: {links: {inter: {gbps: 0}}}", "5:11 bad-value"),
    .init("a link of other fields", "cluster: {links: {inter: {ms: 1}}}", "5:11 bad-value"),
    .init(
      "a backend of GPUs in the old variable", "  runtime_env: {env_vars: {VLLM_ALL2ALL_BACKEND: pplx}}",
      "5:28 bad-value", "5:28 differs-elsewhere"),
    .init(
      "chunk size of words", "  runtime_env: {env_vars: {VLLM_MOE_DP_CHUNK_SIZE: big}}", "5:28 bad-value",
      "5:28 differs-elsewhere"),
    .init("model beside model_source", "  engine_kwargs: {model: x}", "5:19 conflict"),
  ]

  static let yaml: [WrongManifest] = [
    .init("empty", whole: "", "- empty-manifest"),
    .init("only a comment", whole: "# nothing\n", "- empty-manifest"),
    .init("a list", whole: "- a\n", "1:1 wrong-type"),
    .init("a word", whole: "hello\n", "1:1 wrong-type"),
    .init("duplicate key", "name: other", "5:1 duplicate-key"),
    .init(
      "duplicate in two spellings", "  engine_kwargs:\n    max_num_seqs: 4\n    max-num-seqs: 4",
      "7:5 spelling", "7:5 duplicate-key"),
    .init("two documents", "---\nname: b", "5:1 several-documents"),
    .init("tab", "ingress:\n\tport: 1", "6:1 yaml-tab"),
    .init("missing space", "ingress:\n  port:80\n  host: a", "7:7 yaml-syntax"),
    .init("open bracket", "ingress: {port: 80", "5:10 yaml-syntax"),
    .init("open quote", "failure_policy: \"x", "5:17 yaml-syntax"),
    .init("unknown alias", "ingress: *nowhere", "5:10 bad-alias"),
    .init("alias of itself", "ingress: &a\n  port: *a", "6:9 bad-alias"),
    .init("custom tag", "ingress: !!python/object {}", "5:10 yaml-syntax"),
    .init("control character", "ingress:\n  host: \u{1}", "6:9 yaml-syntax"),
  ]

  static let traps: [WrongManifest] = [
    .init("no", "  engine_kwargs:\n    enable_dbo: no", "6:17 ambiguous-scalar"),
    .init("on", "  engine_kwargs:\n    enable_prefix_caching: on", "6:28 ambiguous-scalar"),
    .init("quoted true", "  engine_kwargs:\n    enable_dbo: \"true\"", "6:17 wrong-type"),
    .init("octal of YAML 1.2", "ingress:\n  port: 0o17", "6:9 ambiguous-scalar"),
    .init("octal of YAML 1.1", "ingress:\n  port: 0777", "6:9 ambiguous-scalar"),
    .init("exponent", "ingress:\n  port: 1e3", "6:9 wrong-type"),
    .init("base sixty", "ingress:\n  port: 12:30", "6:9 ambiguous-scalar"),
    .init("base sixty seconds", "ingress:\n  request_timeout_s: 1:30", "6:22 ambiguous-scalar"),
    .init("grouped digits", "ingress:\n  port: 8_000", "6:9 ambiguous-scalar"),
    .init("null is unset", "ingress:\n  port: ~"),
    .init("hexadecimal is no trap", "ingress:\n  port: 0x1F90"),
    .init("a flag as a name", "  accelerator_type: no", "5:21 wrong-type"),
    .init("a time as a name", "  accelerator_type: 12:30", "5:21 ambiguous-scalar"),
  ]

  static let meaning: [WrongManifest] = [
    .init(
      "uneven nodes",
      "  engine_kwargs: {data_parallel_size: 16}\n  experimental_configs: {dp_size_per_node: 6}",
      "6:26 differs-elsewhere", "6:44 uneven-nodes"),
    .init(
      "too few nodes", "  engine_kwargs: {data_parallel_size: 16}\ncluster: {nodes: 1, devices: 8}",
      "6:18 does-not-fit"),
    .init(
      "nodes too small",
      "  engine_kwargs: {data_parallel_size: 4}\n  experimental_configs: {dp_size_per_node: 4}\ncluster: {devices: 2}",
      "6:26 differs-elsewhere", "6:44 does-not-fit"),
    .init(
      "budget below sequences", "  engine_kwargs: {max_num_seqs: 100, max_num_batched_tokens: 99}",
      "5:62 conflict"),
    .init("adapters far away", "  lora_config: {dynamic_lora_loading_path: \"s3://x\"}", "5:44 bad-value"),
    .init(
      "two ways to count ingress",
      "ingress_deployment_config: {num_replicas: 2, autoscaling_config: {min_replicas: 2}}", "5:43 conflict"),
    .init(
      "bounds the wrong way round",
      "ingress_deployment_config: {autoscaling_config: {min_replicas: 3, max_replicas: 2}}", "5:64 bad-value"),
    .init(
      "a start out of its range",
      "ingress_deployment_config: {autoscaling_config: {initial_replicas: 3, max_replicas: 2}}",
      "5:68 bad-value"),
    .init("a range", "ingress_deployment_config: {autoscaling_config: {min_replicas: 1, max_replicas: 2}}"),
    .init(
      "two ways to count groups",
      "  deployment_config: {num_replicas: 2, autoscaling_config: {max_replicas: 2}}",
      "5:37 conflict"),
    .init(
      "a range of one group",
      "  deployment_config: {autoscaling_config: {max_replicas: 1, target_ongoing_requests: 4}}",
      "5:58 scales-nothing"),
    .init(
      "a range of groups without a target",
      "  deployment_config: {autoscaling_config: {min_replicas: 1, max_replicas: 2}}", "5:75 scales-nothing"),
    .init(
      "groups that may all go",
      "  deployment_config: {autoscaling_config: {min_replicas: 0, max_replicas: 2}}",
      "5:58 bad-value"),
    .init(
      "more groups than the nodes hold",
      "  deployment_config: {autoscaling_config: {max_replicas: 3, target_ongoing_requests: 4}}\ncluster: {nodes: 2, devices: 1}",
      "6:18 does-not-fit"),
    .init(
      "a range of groups",
      "  deployment_config: {autoscaling_config: {max_replicas: 2, target_ongoing_requests: 4}}"),
    .init(
      "a drain beyond its grace",
      "  deployment_config: {graceful_shutdown_timeout_s: 30}\nrollout: {drain_timeout_s: 45}",
      "6:28 conflict"),
    .init(
      "a drain within its grace",
      "  deployment_config: {graceful_shutdown_timeout_s: 30}\nrollout: {drain_timeout_s: 30}"),
    .init("a drain beyond the default grace", "rollout: {drain_timeout_s: 45}"),
    .init("a departed variable", "  runtime_env: {env_vars: {VLLM_USE_V1: \"1\"}}", "5:28 unknown-variable"),
    .init(
      "an unknown variable", "  runtime_env: {env_vars: {VLLM_USE_DEEP_GEM: \"1\"}}", "5:28 unknown-variable"),
    .init("a variable of others", "  runtime_env: {env_vars: {MY_SETTING: \"1\"}}"),
    .init("tensor parallel", "  engine_kwargs: {tensor_parallel_size: 2}", "5:19 not-in-effect"),
    .init("a default spelled out", "  engine_kwargs: {tensor_parallel_size: 1, enable_dbo: false}"),
    .init("adapters from nowhere", "  engine_kwargs: {enable_lora: true}", "5:32 conflict"),
    .init("adapters that nobody holds", "  engine_kwargs: {max_loras: 2}", "5:30 no-effect"),
    .init(
      "adapters switched off",
      "  engine_kwargs: {enable_lora: false}\n  lora_config: {dynamic_lora_loading_path: a}", "6:44 conflict"),
    .init("adapters in a folder", "  lora_config: {dynamic_lora_loading_path: a}"),
    .init("a flag of vLLM", "  engine_kwargs: {enforce-eager: true}", "5:19 spelling", "5:19 no-effect"),
  ]

  @Test(arguments: fields) func `for a field`(_ wrong: WrongManifest) {
    #expect(places(wrong.text) == wrong.expected)
  }

  @Test(arguments: yaml) func `for the YAML`(_ wrong: WrongManifest) {
    #expect(places(wrong.text) == wrong.expected)
  }

  @Test(arguments: traps) func `for words that YAML readers disagree about`(_ wrong: WrongManifest) {
    #expect(places(wrong.text) == wrong.expected)
  }

  @Test(arguments: meaning) func `for values that do not fit together`(_ wrong: WrongManifest) {
    #expect(places(wrong.text) == wrong.expected)
  }

  @Test func `and all of a run are told, in the order of the file`() {
    let text = """
      name: app
      llm_config:
        model_loading_config: {model_id: moe, model_sorce: x}
        engine_kwargs: {max_num_seqs: many, max_num_seqs: 3}
      ingress: {port: -1, policy: fastest}
      minreplicas: 4
      """
    #expect(
      places(text) == [
        "3:41 unknown-key", "4:33 wrong-type", "4:39 duplicate-key", "5:17 bad-value", "5:29 bad-value",
        "6:1 unknown-key",
      ])
  }

  @Test func `and a bad name is met with one that would do`() {
    let reading = read("name: My_App 2\nllm_config: {model_loading_config: {model_id: a}}")
    #expect(reading.diagnostics.first?.help == "write `my-app-2`")
  }

  @Test func `and lines end where YAML ends them`() {
    let text = smallest("ingress:\r\n  host: a\u{2028}  prot: 1\r  policy: x")
    let reading = read(text)
    #expect(places(text) == ["7:3 unknown-key", "8:11 bad-value"])
    #expect(reading.source.lines[6] == "  prot: 1")
  }

  @Test func `and columns count characters, not bytes`() {
    #expect(places(smallest("ingress: {host: \"höst\", prot: 1}")).contains("5:25 unknown-key"))
  }
}
