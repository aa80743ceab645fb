import Manifest
import Testing

@testable import Interchange
@testable import VLLM

@Suite struct `Importing` {
  private func subjects(_ imported: ImportedManifest) -> [String] {
    imported.remarks.filter { $0.code == .notCarried }.map {
      "\($0.span?.line ?? 0):\($0.span?.column ?? 0) \($0.message)"
    }
  }

  private func read(_ imported: ImportedManifest) throws -> Manifest {
    let text = try #require(imported.text, "\(imported.remarks)")
    return try manifest(of: text)
  }

  @Test func `a command line gives a manifest that composes the same command line`() throws {
    let words = [
      "NCCL_DEBUG=WARN", "vllm", "serve", "org/DeepSeek-V9", "-dp", "16", "-dpl", "8",
      "--enable-expert-parallel",
      "--no-enable-prefix-caching", "--max-model-len=16k", "--max-num-seqs", "4096", "--eplb-config",
      #"{"window_size": 100, "num_redundant_experts": 16}"#, "--enable-eplb", "--gpu-memory-utilization",
      "0.85",
      "--served-model-name", "deepseek", "--port", "9000",
    ]
    let made = try read(ImportedManifest(ofCommand: words))
    #expect(made.name == "deepseek" && made.engine == .vllm && made.ingress.port == 9000)
    #expect(made.parallelism.size == 16 && made.parallelism.sizePerNode == 8)
    #expect(made.environment.map(\.name) == ["NCCL_DEBUG"])
    let (command, remarks) = ServeCommand.compose(made, model: made.model.source, version: .newestKnown)
    #expect(remarks.isEmpty, "\(remarks)")
    #expect(
      command?.arguments == [
        "serve", "org/DeepSeek-V9", "--served-model-name", "deepseek", "--max-num-seqs", "4096",
        "--enable-expert-parallel", "--max-model-len", "16000", "--gpu-memory-utilization", "0.85",
        "--no-enable-prefix-caching", "--enable-eplb", "--eplb-config",
        #"{"window_size":100,"num_redundant_experts":16}"#,
      ])
  }

  @Test func `a command line's flags that are no manifest's are named where they stand`() throws {
    let imported = ImportedManifest(
      ofCommand: ["vllm", "serve", "m", "--data-parallel-rank", "3", "--enforce-eagr", "--api-key", "hush"])
    #expect(
      subjects(imported) == [
        "1:35 `llm_config.engine_kwargs.data_parallel_rank` is not carried over: the controller assigns the ranks",
        "1:37 `--enforce-eagr` is not carried over: vLLM 0.32.0 has no such flag",
        "1:62 `llm_config.engine_kwargs.api_key` is not carried over: it is a secret",
      ])
    #expect(imported.remarks.contains { $0.help == "did you mean `--enforce-eager`?" })
    #expect(imported.text?.contains("hush") == false && !imported.source.text.contains("hush"))
  }

  @Test func `every command that an export composes is read back to the same arguments`() throws {
    var compared = 0
    for seed in 0..<400 {
      var random = RandomManifest(seed: UInt64(seed), onlyTyped: true)
      let source = ManifestSource(name: "m.yaml", text: random.text())
      guard let before = Manifest.read(source, engine: .vllm).manifest,
        let command = ServeCommand.compose(before, model: "org/m", version: .newestKnown).command
      else { continue }
      let imported = ImportedManifest(
        ofCommand: ["vllm"] + command.arguments + ["--data-parallel-size", "\(before.parallelism.size)"])
      let after = try read(imported)
      let again = ServeCommand.compose(after, model: "org/m", version: .newestKnown).command
      #expect(again?.arguments == command.arguments, "seed \(seed): \(imported.text ?? "")")
      compared += 1
    }
    #expect(compared >= 40, "too few of the random manifests compose a command")
  }

  @Test func `an exported RayService gives the manifest back, with its nodes`() throws {
    let before = try manifest(of: contents("manifests/deepseek-v3-16dp.yaml"))
    let text = try #require(Rendition(of: before, as: .kuberay).files.first).text
    let imported = ImportedManifest(of: ManifestSource(name: "r.yaml", text: text))
    let after = try read(imported)
    for entry in before.settings.entries where entry.path.hasPrefix("llm_config") {
      #expect(after.settings[entry.path]?.value == entry.value, "\(entry.path)")
    }
    #expect(after.name == before.name && after.parallelism == before.parallelism)
    #expect(after.ingressReplicas == before.ingressReplicas && after.engine == .vllm)
    #expect(subjects(imported).contains { $0.contains("`spec.upgradeStrategy`") }, "\(subjects(imported))")
  }

  @Test func `an exported LeaderWorkerSet gives the manifest back, without its Service`() throws {
    for file in ["deepseek-v3-16dp", "vllm"] {
      let before = try manifest(of: contents("manifests/\(file).yaml"))
      let text = try #require(Rendition(of: before, as: .lws).files.first).text
      let imported = ImportedManifest(of: ManifestSource(name: "l.yaml", text: text))
      let after = try read(imported)
      #expect(after.name == before.name && after.parallelism == before.parallelism, "\(imported.text ?? "")")
      #expect(after.model.id == before.model.id)
      for entry in before.settings.entries
      where entry.path.hasPrefix(FieldPath.engineArguments) && entry.value != .null {
        #expect(after.settings[entry.path]?.value == entry.value, "\(file): \(entry.path)")
      }
      #expect(subjects(imported).contains { $0.contains("the Service `\(before.name)`") })
      let place = try #require(imported.remarks.first { $0.message.contains("`spec.rolloutStrategy`") }?.span)
      #expect(imported.source.lines[place.line - 1].contains("rolloutStrategy:"))
    }
  }

  @Test func `a LeaderWorkerSet with a leader of its own gives what the leader runs`() throws {
    let text = """
      kind: LeaderWorkerSet
      metadata: {name: wide}
      spec:
        replicas: 2
        leaderWorkerTemplate:
          size: 2
          leaderTemplate:
            spec:
              containers:
                - name: vllm
                  command: [bash, -c, "exec vllm serve org/m -tp 2 -dp 8 --data-parallel-rank $LWS_WORKER_INDEX"]
                  resources: {limits: {nvidia.com/gpu: "8"}}
          workerTemplate: {spec: {containers: [{name: vllm, command: [sleep]}]}}
      """
    let imported = ImportedManifest(of: ManifestSource(name: "l.yaml", text: text))
    let made = try read(imported)
    #expect(made.name == "wide" && made.parallelism.size == 8 && made.parallelism.sizePerNode == 4)
    #expect(
      made.parallelism.groups == 2 && made.parallelism.nodes == 4 && made.parallelism.devicesPerNode == 4)
    #expect(subjects(imported).contains { $0.contains("`--data-parallel-rank $LWS_WORKER_INDEX`") })
    #expect(subjects(imported).contains { $0.contains("all ranks run what the leader does") })
  }

  @Test func `what is wrong in a RayService's inner config is shown on its own line`() {
    let text = """
      apiVersion: ray.io/v1
      kind: RayService
      spec:
        serveConfigV2: |
          applications:
            - name: app
              import_path: ray.serve.llm:build_dp_openai_app
              args:
                llm_config:
                  model_loading_config: {model_id: moe}
                  engine_kwargs: {data_parallel_size: none}
                  new_ray_field: 3
      """
    let imported = ImportedManifest(of: ManifestSource(name: "r.yaml", text: text))
    #expect(imported.text == nil)
    let error = imported.remarks.first { $0.severity == .error }
    #expect(error?.span == SourceSpan(line: 11, column: 49, length: 4), "\(imported.remarks)")
    #expect(
      subjects(imported) == [
        "12:13 `llm_config.new_ray_field` is not carried over: a manifest has no such field"
      ])
  }

  @Test func `llm-d's values give the decode ranks, and name what else there was`() throws {
    let text = """
      multinode: true
      modelArtifacts:
        name: deepseek
        uri: "hf://deepseek-ai/DeepSeek-R1"
        size: 1Ti
      routing:
        servicePort: 8123
      decode:
        replicas: 2
        parallelism: {data: 16, dataLocal: 8, tensor: 1}
        containers:
          - name: vllm
            image: llm-d:v1
            modelCommand: vllmServe
            args:
              - "--enable-expert-parallel"
              - "--all2all-backend"
              - "deepep_low_latency"
            env:
              - name: NVIDIA_GDRCOPY
                value: enabled
              - name: HF_TOKEN
                valueFrom: {secretKeyRef: {name: s, key: k}}
      prefill:
        create: true
      """
    let imported = ImportedManifest(of: ManifestSource(name: "values.yaml", text: text))
    let made = try read(imported)
    #expect(made.model.id == "deepseek" && made.model.source == "deepseek-ai/DeepSeek-R1")
    #expect(made.parallelism.size == 16 && made.parallelism.sizePerNode == 8 && made.parallelism.groups == 2)
    #expect(made.ingress.port == 8123 && made.environment.map(\.name) == ["NVIDIA_GDRCOPY"])
    #expect(made.engineArguments.allToAllBackend == "deepep_low_latency")
    #expect(
      subjects(imported).map { $0.split(separator: "`")[1] } == [
        "modelArtifacts.size", "image", "HF_TOKEN", "prefill",
      ], "\(subjects(imported))")
  }

  @Test func `a script in a container is read to its vllm serve`() throws {
    let text = """
      modelArtifacts: {name: m, uri: "hf://org/m"}
      decode:
        containers:
          - modelCommand: custom
            command: [/bin/sh, -c]
            args:
              - |-
                # the ranks of this node
                START=$((LWS_WORKER_INDEX * 8))
                exec vllm serve org/m \\
                  --data-parallel-size 16 --data-parallel-size-local 8 \\
                  --data-parallel-start-rank $START --max-num-seqs 256
      """
    let imported = ImportedManifest(of: ManifestSource(name: "values.yaml", text: text))
    let made = try read(imported)
    #expect(made.parallelism.size == 16 && made.engineArguments.maxNumSeqs == 256)
    #expect(
      subjects(imported).contains { $0.hasPrefix("12:") && $0.contains("only the shell knows") },
      "\(subjects(imported))")
  }

  @Test func `what is no deployment, or a manifest already, is refused with what could be given`() {
    let other = ImportedManifest(of: ManifestSource(name: "x.yaml", text: "kind: Deployment"))
    #expect(other.text == nil && other.remarks.first?.help?.contains("a Ray Serve config") == true)
    let own = ImportedManifest(of: ManifestSource(name: "x.yaml", text: "llm_config: {}"))
    #expect(own.text == nil && own.remarks.first?.message == "this is a manifest already")
  }
}
