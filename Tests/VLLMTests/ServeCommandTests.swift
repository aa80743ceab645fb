import Manifest
import Testing

@testable import VLLM

@Suite struct `A command line of vLLM` {
  private func compose(
    _ arguments: String, variables: String = "{}", options: String = "{}", version: VLLMVersion = .newestKnown
  ) throws -> (command: ServeCommand?, remarks: [Diagnostic]) {
    let text = """
      name: app
      engine: vllm
      llm_config:
        model_loading_config: {model_id: ds, model_source: org/ds}
        engine_kwargs: \(arguments)
        runtime_env: {env_vars: \(variables)}
      engine_options: \(options)
      """
    let reading = Manifest.read(ManifestSource(name: "app.yaml", text: text))
    let manifest = try #require(reading.manifest, "\(reading.diagnostics)")
    return ServeCommand.compose(manifest, model: "org/ds", version: version)
  }

  @Test func `says what the file gives, and leaves the rest to vLLM`() throws {
    let (command, remarks) = try compose(
      "{data_parallel_size: 2, max_num_seqs: 64, max_model_len: 16k, enable_prefix_caching: false, dtype: half,"
        + " enable_eplb: true, eplb_config: {window_size: 100, num_redundant_experts: 2}, tensor_parallel_size: 4}"
    )
    #expect(remarks.isEmpty, "\(remarks)")
    let made = try #require(command)
    #expect(
      made.arguments == [
        "serve", "org/ds", "--served-model-name", "ds", "--max-num-seqs", "64", "--tensor-parallel-size", "4",
        "--max-model-len", "16000", "--no-enable-prefix-caching", "--dtype", "half", "--enable-eplb",
        "--eplb-config",
        #"{"window_size":100,"num_redundant_experts":2}"#,
      ])
    #expect(made.devicesPerRank == 4)
  }

  @Test func `translates variables that a release no longer reads`() throws {
    let variables =
      "{VLLM_ALL2ALL_BACKEND: naive, VLLM_MOE_DP_CHUNK_SIZE: \"256\", NCCL_DEBUG: WARN, VLLM_USE_V2X: a}"
    let (command, remarks) = try compose("{}", variables: variables)
    let made = try #require(command)
    #expect(made.arguments.suffix(2) == ["--all2all-backend", "allgather_reducescatter"])
    #expect(made.environment == ["NCCL_DEBUG=WARN", "VLLM_USE_V2X=a"])
    #expect(remarks.map(\.severity) == [.warning, .warning, .warning, .warning])
    let old = try compose("{}", variables: variables, version: VLLMVersion(0, 11, 2)).command
    #expect(old?.environment.prefix(2) == ["VLLM_ALL2ALL_BACKEND=naive", "VLLM_MOE_DP_CHUNK_SIZE=256"])
    #expect(old?.arguments.contains("--all2all-backend") == false)
  }

  @Test func `is refused when the release has no such flag, with what was meant`() throws {
    let (command, remarks) = try compose("{}", options: "{extra_args: [--enforce-eagr]}")
    #expect(command == nil && remarks.first?.help == "did you mean `--enforce-eager`?", "\(remarks)")
    let early = try compose("{shutdown_timeout: 20}", version: VLLMVersion(0, 14))
    #expect(early.command == nil && early.remarks.first?.message.contains("it came with 0.18.0") == true)
    #expect(try compose("{all2all_backend: deepep_lowlatency}").command == nil)
    #expect(try compose("{}", options: "{extra_args: [--port, \"80\"]}").remarks.first?.code == .conflict)
    #expect(try compose("{}", version: VLLMVersion(0, 9)).command == nil)
  }

  @Test func `leaves out what a release removed, with a warning`() throws {
    let (command, remarks) = try compose("{swap_space: 4}")
    #expect(command?.arguments.contains("--swap-space") == false)
    #expect(remarks.map(\.code) == [.noEffect])
  }

  @Test func `gives each rank its place and its devices`() {
    let words = ServeCommand.socketArguments(ServerPlace(1, of: 2), socket: "/run/r1", rendezvousPort: 29_550)
    #expect(words.contains("--data-parallel-external-lb") && words.contains("29550"))
    let alone = ServeCommand.socketArguments(ServerPlace(0, of: 1), socket: "/run/r0", rendezvousPort: 1)
    #expect(alone == ["--uds", "/run/r0"])
    #expect(ServeCommand.visibleDevices(place: 1, perRank: 2, of: nil) == "2,3")
    #expect(ServeCommand.visibleDevices(place: 0, perRank: 2, of: ["4", "6"]) == "4,6")
    #expect(ServeCommand.visibleDevices(place: 1, perRank: 2, of: ["4", "6"]) == nil)
  }
}

@Suite struct `vLLM that balances by itself` {
  @Test func `cannot do so over nodes with one server`() throws {
    let text = """
      name: app
      engine: vllm
      llm_config:
        model_loading_config: {model_id: ds, model_source: org/ds}
        engine_kwargs: {data_parallel_size: 8}
        experimental_configs: {dp_size_per_node: 4}
      engine_options: {mode: MODE}
      """
    func remarks(_ mode: String) throws -> [DiagnosticCode] {
      let source = ManifestSource(name: "app.yaml", text: text.replacing("MODE", with: mode))
      let manifest = try #require(Manifest.read(source).manifest)
      return ServeCommand.compose(manifest, model: "org/ds", version: .newestKnown).remarks.map(\.code)
    }
    #expect(try remarks("internal") == [.conflict])
    #expect(try remarks("hybrid") == [] && remarks("external") == [])
  }

  private func place(_ server: ServerPlace) -> [String] {
    ServeCommand.groupArguments(server, address: "127.0.0.1", rendezvousPort: 29_550)
  }

  @Test func `has all engines of a group in one server`() {
    #expect(
      place(ServerPlace(0, of: 1, engines: 8)) == [
        "--data-parallel-size", "8", "--data-parallel-address", "127.0.0.1", "--data-parallel-rpc-port",
        "29550",
      ])
  }

  @Test func `has the engines of a node in one server, each beginning where the one before ends`() {
    #expect(
      place(ServerPlace(1, of: 2, engines: 4)) == [
        "--data-parallel-size", "8", "--data-parallel-size-local", "4", "--data-parallel-start-rank", "4",
        "--data-parallel-hybrid-lb", "--data-parallel-address", "127.0.0.1", "--data-parallel-rpc-port",
        "29550",
      ])
  }
}

@Suite struct `What is seen of vLLM from outside` {
  @Test func `a start by its log`() {
    var log = StartLog()
    log.add("INFO Initializing a V1 LLM engine (v0.32.0) with con")
    #expect(log.phase == .spawn)
    log.add(
      "fig\nINFO Starting to load model x\nLoading safetensors checkpoint shards:  45% Completed | 5/11 [00:01"
    )
    #expect(log.phase == .loadWeights && log.progress == 0.45)
    log.add("\nINFO GPU KV cache size: 233,008 tokens\nINFO Application startup complete.\n")
    #expect(log.phase == .listening)
  }

  @Test func `a rank by its metrics`() throws {
    let page = """
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running{engine="0"} 2.0
      vllm:iteration_tokens_total_count{engine="0"} 41.0
      vllm:request_success_total{engine="0",finished_reason="length"} 3.0
      vllm:cache_config_info{engine="0",num_gpu_blocks="14563"} 1.0
      """
    let reading = try RankReading(page: Array(page.utf8))
    #expect(
      reading.running == 2 && reading.steps == 41 && reading.atLength == 3 && reading.cacheBlocks == 14563)
  }

  @Test func `a server by the metrics of all its engines`() throws {
    let page = (0..<2).map { engine in
      """
      vllm:num_requests_running{engine="\(engine)"} \(engine + 1)
      vllm:kv_cache_usage_perc{engine="\(engine)"} \(engine == 0 ? 0.5 : 0.1)
      vllm:cache_config_info{engine="\(engine)",num_gpu_blocks="100"} 1.0

      """
    }
    let reading = try RankReading(page: Array(page.joined().utf8))
    #expect(reading.running == 3 && reading.cacheBlocks == 200 && reading.cacheUsage == 0.3)
  }
}
