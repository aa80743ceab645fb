import Testing

@testable import Manifest

@Suite struct `Sample manifests` {
  @Test func `the quickstart has two ranks, two ingress replicas and nothing to remark on`() throws {
    let reading = read(try contents("manifests/quickstart.yaml"))
    #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
    let manifest = try #require(reading.manifest)
    #expect(manifest.name == "quickstart")
    #expect(manifest.model == ModelSettings(id: "operator-moe", source: "operator-moe"))
    #expect(
      manifest.parallelism
        == ParallelLayout(size: 2, sizePerNode: 2, groups: 1, mostGroups: 1, nodes: 1, devicesPerNode: 2))
    #expect(manifest.engineArguments.enableExpertParallel)
    #expect(manifest.engineArguments.maxModelLen == 4096)
    #expect(manifest.ingressReplicas == ReplicaBounds(minimum: 2, maximum: 2))
    #expect(manifest.ingress.port == 8000)
  }

  @Test func `that with TLS asks for an HAProxy and nothing to remark on`() throws {
    let reading = read(try contents("manifests/tls.yaml"))
    #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
    let front = try #require(reading.manifest?.ingress.haproxy)
    #expect(front.certificate == "edge.crt" && front.key == "edge.key" && front.offersHTTP2)
    #expect(front.requestsPerSecond == 50 && front.rateLimitKey == .key)
  }

  @Test func `the example of adapters has nothing to remark on`() throws {
    let reading = read(try contents("manifests/lora.yaml"))
    #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
    let adapters = try #require(reading.manifest?.engineArguments.adapters)
    #expect(adapters.maxLoRAs == 2 && adapters.maxLoRARank == 4)
    #expect(adapters.folder?.hasSuffix("/adapters") == true)
  }

  @Test func `the guide's example is 16 ranks on two nodes behind 64 ingress replicas`() throws {
    let manifest = try #require(read(try contents("manifests/deepseek-v3-16dp.yaml")).manifest)
    #expect(
      manifest.parallelism
        == ParallelLayout(size: 16, sizePerNode: 8, groups: 1, mostGroups: 1, nodes: 2, devicesPerNode: 8)
    )
    #expect(manifest.parallelism.nodesPerGroup == 2)
    #expect(manifest.engineArguments.maxNumSeqs == 4096)
    #expect(manifest.engineArguments.maxNumBatchedTokens == 4096)
    #expect(manifest.engineArguments.moeDPChunkSize == 256)
    #expect(manifest.ingressReplicas == ReplicaBounds(minimum: 64, maximum: 64))
    #expect(manifest.environment.map(\.name).first == "VLLM_USE_DEEP_GEMM")
    #expect(manifest.serverDeploymentName == "DPServer:deepseek")
  }

  @Test func `the guide's example is warned about exactly where it is dated or does nothing here`() throws {
    let reading = read(try contents("manifests/deepseek-v3-16dp.yaml"))
    let expected = [
      "note differs-elsewhere `enable_dbo`", "note differs-elsewhere `dp_size_per_node`",
      "note differs-elsewhere `VLLM_ALL2ALL_BACKEND`",
      "note differs-elsewhere `VLLM_MOE_DP_CHUNK_SIZE`", "warning no-effect `VLLM_SKIP_P2P_CHECK`",
      "warning no-effect `NVIDIA_GDRCOPY`", "warning questionable `VLLM_LOGGING_LEVEL`",
      "warning no-effect `NCCL_DEBUG`", "warning no-effect `PYTORCH_CUDA_ALLOC_CONF`",
    ]
    let found = reading.diagnostics.map { diagnostic in
      let subject = diagnostic.message.split(separator: " ").first ?? ""
      return "\(diagnostic.severity) \(diagnostic.code) \(subject)"
    }
    #expect(found == expected)
  }

  @Test func `the guide's two benchmark switches, put back, are warned about as such`() throws {
    let text = try contents("manifests/deepseek-v3-16dp.yaml")
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.contains("# VLLM_") ? String($0).replacing("# VLLM_", with: "VLLM_") : String($0) }
      .joined(separator: "\n")
    let benchmark = read(text).diagnostics.filter { $0.code == .benchmarkOnly }
    #expect(benchmark.count == 2)
    #expect(benchmark.allSatisfy { $0.severity == .warning && $0.help != nil })
  }

  @Test func `Dual Batch Overlap is called by its name, and said to cost memory`() throws {
    let reading = read(try contents("manifests/deepseek-v3-16dp.yaml"))
    let remark = try #require(reading.diagnostics.first { $0.message.contains("enable_dbo") })
    #expect(remark.message.contains("Dual Batch Overlap"))
    #expect(remark.note?.contains("costs memory") == true)
  }

  @Test func `the two samples listen on different ports`() throws {
    let ports = try ["quickstart", "deepseek-v3-16dp"].map { name in
      try #require(read(try contents("manifests/\(name).yaml")).manifest).ingress.port
    }
    #expect(Set(ports).count == 2)
  }
}
