import ControlAPI
import FoundationEssentials
import HTTP
import Platform
import Testing

/// What a dashboard of one node with four processors answers.
private func answer(_ path: String) -> (status: Int, body: String) {
  switch path.prefix(while: { $0 != "?" }) {
  case "/api/version": (200, #"{"ray_version":"2.60.0"}"#)
  case "/api/serve/applications/": (200, #"{"applications":{}}"#)
  case "/api/v0/nodes":
    (
      200,
      #"{"result":true,"data":{"result":{"result":[{"node_id":"a","node_ip":"10.0.0.1","state":"ALIVE","resources_total":{"CPU":4}}]}}}"#
    )
  case "/api/v0/placement_groups": (200, #"{"result":true,"data":{"result":{"result":[]}}}"#)
  case "/api/cluster_status": (200, #"{"data":{}}"#)
  default: (404, "404: Not Found")
  }
}

extension `Whole deployments` {
  /// What `dpdeploy` says of clusters that cannot be used, each of which answers as Ray was seen to.
  @Suite @Loop struct `A Ray cluster that cannot be used` {
    private func manifest(_ stage: Stage, port: UInt16) throws -> String {
      let path = stage.folder + "/ray.yaml"
      let text = """
        name: moe
        backend: ray
        cluster: {address: "127.0.0.1:\(port)"}
        llm_config:
          model_loading_config: {model_id: moe, model_source: operator-moe}
          engine_kwargs: {data_parallel_size: 4}
          experimental_configs: {dp_size_per_node: 4}
        """
      try Data(text.utf8).write(to: URL(filePath: path))
      return path
    }

    @Test(
      arguments: [
        ("/api/version", 401, "", 1, "cluster", "asks for a token"),
        ("/api/version", 403, "", 1, "cluster", "refuses the token"),
        ("/api/version", 200, #"{"ray_version":"2.9.3"}"#, 1, "cluster", "Ray 2.9.3"),
        ("/api/version", 200, "<html>", 1, "cluster", "no Ray dashboard"),
        ("/api/serve/applications/", 501, "", 1, "serve", "no Serve"),
        (
          "/api/serve/applications/", 200,
          #"{"applications":{"moe":{"status":"RUNNING","source":"declarative","deployed_app_config":{"name":"moe"}}}}"#,
          9, "serve", "not deployed by dpdeploy"
        ),
        (
          "/api/v0/nodes", 200, #"{"result":true,"data":{"result":{"result":[]}}}"#, 4, "nodes",
          "4 ranks needs {CPU: 4}"
        ),
      ] as [(String, Int, String, Int32, String, String)])
    func `is named with its cause by apply, which changes nothing, and by doctor`(
      _ path: String, _ status: Int, _ body: String, _ code: Int32, _ check: String, _ words: String
    ) async throws {
      var declared = 0
      let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
      let port = Listener.port(of: socket) ?? 0
      let server = HTTPServer(try Listener(socket)) { exchange in
        _ = try? await exchange.readBody()
        if exchange.head.method != "GET" { declared += 1 }
        let asked = exchange.head.path
        let (status, body) = asked.hasPrefix(path) ? (status, body) : answer(asked)
        await exchange.respond(status, body: Array(body.utf8))
      }
      let running = Task { @Loop in await server.run() }
      try await onStage { stage in
        let file = try manifest(stage, port: port)
        let apply = try await stage.dpdeploy("apply", file, "--wait")
        #expect(apply.ended(with: code) && apply.errors.contains(words), "\(apply)")
        let doctor = try await stage.dpdeploy("doctor", file)
        #expect(doctor.ended(with: 4) && doctor.output.contains("FAIL  \(check)"), "\(doctor)")
        #expect(doctor.output.contains(words), "\(doctor)")
        let (_, seen) = try await stage.look()
        #expect(seen.applications.isEmpty && declared == 0)
      }
      _ = await server.drain(until: .after(.seconds(5)))
      await running.value
    }

    @Test func `is not there: apply ends with 5, and doctor says that nobody answers`() async throws {
      try await onStage { stage in
        let file = try manifest(stage, port: 1)
        let apply = try await stage.dpdeploy("apply", file)
        #expect(apply.ended(with: 5) && apply.errors.contains("no Ray cluster answers"), "\(apply)")
        let doctor = try await stage.dpdeploy("doctor", file)
        #expect(doctor.ended(with: 4) && doctor.output.contains("SKIP  serve"), "\(doctor)")
      }
    }

    @Test func `is judged by its own vLLM, not by what is installed here`() async throws {
      try await onStage { stage in
        let file = stage.folder + "/vllm.yaml"
        let text = """
          name: moe
          backend: ray
          engine: vllm
          cluster: {address: "head:8265"}
          llm_config:
            model_loading_config: {model_id: moe, model_source: org/moe}
            engine_kwargs: {data_parallel_size: 4}
            runtime_env: {env_vars: {VLLM_ALL2ALL_BACKEND: deepep_low_latency}}
          """
        try Data(text.utf8).write(to: URL(filePath: file))
        let run = try await stage.dpdeploy("validate", file)
        #expect(run.ended(with: 0), "\(run)")
        let said = run.output + run.errors
        #expect(!said.contains("--all2all-backend") && !said.contains("engine-not-found"), "\(run)")
      }
    }
  }
}
