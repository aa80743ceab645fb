import Manifest
import Testing

@testable import Interchange

@Suite struct `Manifests for Kubernetes` {
  private func rendered(_ target: ExportTarget, _ manifest: Manifest) throws -> String {
    try #require(Rendition(of: manifest, as: target).files.first).text
  }

  private func resources(_ text: String) -> [String] {
    text.split(separator: "\n---\n", omittingEmptySubsequences: true).map { String($0) + "\n" }
  }

  private func wide() throws -> Manifest {
    try manifest(
      "rollout: {drain_timeout_s: 60, healthy_deadline_s: 2700}\ningress: {port: 9000}\n",
      arguments:
        "tensor_parallel_size: 2\n    all2all_backend: deepep_low_latency\n    enable_expert_parallel: true",
      variables: "MY_TOKEN: hush, \"ODD\": \"$(PATH)\", NCCL_SOCKET_IFNAME: ib0")
  }

  @Test(arguments: [
    "manifests/quickstart.yaml", "manifests/deepseek-v3-16dp.yaml", "manifests/vllm.yaml",
  ])
  func `have the fields and types of the custom resources' own schemas`(path: String) throws {
    let sample = try manifest(of: contents(path))
    let set = try resources(rendered(.lws, sample))
    #expect(try CRDSchema("leaderworkerset").problems(of: set[0]) == [])
    #expect(try CRDSchema("rayservice").problems(of: rendered(.kuberay, sample)) == [])
  }

  @Test func `have them too with secrets, RDMA and a model's folder`() throws {
    #expect(try CRDSchema("leaderworkerset").problems(of: resources(rendered(.lws, wide()))[0]) == [])
    #expect(try CRDSchema("rayservice").problems(of: rendered(.kuberay, wide())) == [])
    let folder = try manifest(
      of: "name: a\nllm_config: {model_loading_config: {model_id: m, model_source: /models/m}}")
    let set = try resources(rendered(.lws, folder))[0]
    #expect(try CRDSchema("leaderworkerset").problems(of: set) == [])
    #expect(set.contains("mountPath: /models/m\n") && set.contains("claimName: a-model\n"))
  }

  @Test func `are found out when a field is no field, or of another type`() throws {
    let set = try resources(rendered(.lws, wide()))[0]
    let schema = try CRDSchema("leaderworkerset")
    #expect(
      schema.problems(
        of: set.replacing("restartPolicy: RecreateGroupOnPodRestart", with: "restartPolicy: Sometimes"))
        == [".spec.leaderWorkerTemplate.restartPolicy: no such word: Sometimes"])
    #expect(
      schema.problems(of: set.replacing("  replicas: 1\n", with: "  replicas: \"1\"\n"))
        == [".spec.replicas: integer wanted, found a string"])
    #expect(
      schema.problems(of: set.replacing("startupProbe", with: "startProbe"))
        == [".spec.leaderWorkerTemplate.workerTemplate.spec.containers[0].startProbe: no such field"])
  }

  @Test func `a LeaderWorkerSet has a pod for each block, which balances over its own ranks`() throws {
    let text = try rendered(.lws, wide())
    for line in [
      "      size: 2", "    restartPolicy: RecreateGroupOnPodRestart", "sizeLimit: \"4Gi\"",
      "nvidia.com/gpu: \"4\"",
      "--data-parallel-size 4 \\", "--data-parallel-size-local 2 --data-parallel-hybrid-lb",
      "--data-parallel-start-rank $((LWS_WORKER_INDEX * 2)) \\", "failureThreshold: 270",
      "--data-parallel-address \"$LWS_LEADER_ADDRESS\" --data-parallel-rpc-port 29550", "port: 9000",
      "--shutdown-timeout 60", "terminationGracePeriodSeconds: 90", "value: \"$$(PATH)\"", "rdma/ib: \"1\"",
      "name: NVSHMEM_REMOTE_TRANSPORT", "value: ib0",
    ] { #expect(text.contains(line.drop { $0 == " " }), "\(line)") }
    #expect(!text.contains("hush"))
    #expect(text.contains("kubectl create secret generic app-secrets --from-literal=MY_TOKEN=…"))
  }

  @Test func `a group on one node is one server that balances itself, and needs no RDMA`() throws {
    let one = try manifest(
      of: """
        name: a
        llm_config:
          model_loading_config: {model_id: m}
          engine_kwargs: {data_parallel_size: 8, all2all_backend: deepep_low_latency}
          deployment_config: {num_replicas: 3}
        """)
    let text = try rendered(.lws, one)
    #expect(
      text.contains("  replicas: 3\n") && text.contains("size: 1\n")
        && text.contains("nvidia.com/gpu: \"8\"\n"))
    #expect(text.contains("--data-parallel-size 8\n") && !text.contains("hybrid") && !text.contains("rdma"))
    #expect(!text.contains("podAntiAffinity"))
  }

  @Test func `a RayService has nodes of exactly a block, and room for the ingress on them`() throws {
    let text = try rendered(.kuberay, manifest(of: contents("manifests/deepseek-v3-16dp.yaml")))
    for line in [
      "replicas: 2", "minReplicas: 2", "num-gpus: \"8\"", "num-cpus: \"41\"", "nvidia.com/gpu: \"8\"",
      "num-cpus: \"0\"", "type: None", "host: \"0.0.0.0\"", "port: 8016", "excludeHeadPodFromServeSvc: true",
    ] { #expect(text.contains("\(line)\n"), "\(line)") }
  }

  @Test func `the Ray Serve config inside a RayService is the same manifest's`() throws {
    let before = try wide()
    let text = try rendered(.kuberay, before)
    let start = try #require(text.firstRange(of: "serveConfigV2: |\n")).upperBound
    let block = text[start...].split(separator: "\n", omittingEmptySubsequences: false).prefix {
      $0.hasPrefix("    ")
    }
    let reading = Manifest.read(
      ManifestSource(name: "r", text: block.map { $0.dropFirst(4) + "\n" }.joined()), engine: .vllm)
    let after = try #require(reading.manifest, "\(reading.diagnostics)")
    for entry in before.settings.entries where entry.path.hasPrefix("llm_config") && !entry.isSecret {
      #expect(after.settings[entry.path]?.value == entry.value, "\(entry.path)")
    }
  }
}
