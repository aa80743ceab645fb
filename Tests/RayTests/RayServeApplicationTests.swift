import JSON
import Manifest
import Testing

@testable import Ray

@Suite struct `A manifest as a Ray Serve application` {
  private func manifest(_ rest: String, engine: String = "bundled") throws -> Manifest {
    let reading = Manifest.read(
      ManifestSource(
        name: "app.yaml",
        text: """
          name: app
          backend: ray
          engine: \(engine)
          cluster: {address: head}
          \(rest)
          """))
    return try #require(reading.manifest, "\(reading.diagnostics)")
  }

  @Test func `of vLLM is its llm_config, key for key, with num_replicas as groups`() throws {
    let manifest = try manifest(
      """
      llm_config:
        model_loading_config: {model_id: org/ds.v3, model_source: org/ds}
        engine_kwargs: {data_parallel_size: 16, tensor_parallel_size: 2, max_model_len: 16k, enable_dbo: true}
        experimental_configs: {dp_size_per_node: 8}
        deployment_config: {num_replicas: 2, health_check_period_s: 5}
        runtime_env: {env_vars: {NCCL_DEBUG: "1", HF_TOKEN: t}}
      ingress_deployment_config: {autoscaling_config: {min_replicas: 2, max_replicas: 4}}
      """, engine: "vllm")
    let application = RayServeApplication(manifest, model: "", owner: "me")
    let config = application.config
    #expect(config["import_path"]?.string == "ray.serve.llm:build_dp_openai_app")
    #expect(config["route_prefix"]?.string == "/")
    let llm = try #require(config["args"]?["llm_config"])
    #expect(
      llm["engine_kwargs"]?.sorted.text
        == #"{"data_parallel_size":16,"enable_dbo":true,"max_model_len":16000,"tensor_parallel_size":2}"#)
    #expect(llm["runtime_env"]?["env_vars"]?.sorted.text == #"{"HF_TOKEN":"t","NCCL_DEBUG":"1"}"#)
    #expect(llm["deployment_config"]?["num_replicas"]?.integer == 2)
    #expect(llm["experimental_configs"]?["dp_size_per_node"]?.integer == 8)
    #expect(
      config["args"]?["ingress_deployment_config"]?["autoscaling_config"]?["max_replicas"]?.integer == 4)
    #expect(application.serverName == "DPServer:org--ds_v3")
    #expect(application.bundle == ["GPU": 16] && application.blocks == 4)
    #expect(config["runtime_env"]?["env_vars"]?["DPDEPLOY_OWNER"]?.string == "me")
  }

  @Test func `of ranks with pipelines asks for the devices of every stage`() throws {
    let manifest = try manifest(
      """
      llm_config:
        model_loading_config: {model_id: m, model_source: org/m}
        engine_kwargs: {data_parallel_size: 4, tensor_parallel_size: 2, pipeline_parallel_size: 2}
        experimental_configs: {dp_size_per_node: 2}
      """, engine: "vllm")
    #expect(RayServeApplication(manifest, model: "").bundle == ["GPU": 8])
  }

  @Test func `of ranks on CPUs asks for room on CPUs`() throws {
    let manifest = try manifest(
      """
      llm_config:
        model_loading_config: {model_id: m, model_source: org/m}
        accelerator_config: {kind: cpu}
        engine_kwargs: {data_parallel_size: 2}
      """, engine: "vllm")
    let application = RayServeApplication(manifest, model: "")
    #expect(application.bundle == ["CPU": 2])
    #expect(application.config["args"]?["llm_config"]?["accelerator_config"]?["kind"]?.string == "cpu")
  }

  @Test func `of vLLM says a number of ingress replicas as a range, for the builder refuses the number`()
    throws
  {
    let application = RayServeApplication(
      try manifest(
        """
        llm_config:
          model_loading_config: {model_id: m, model_source: org/m}
          engine_kwargs: {data_parallel_size: 2}
          deployment_config: {autoscaling_config: {min_replicas: 1, max_replicas: 1}}
        ingress_deployment_config: {num_replicas: 3, max_ongoing_requests: 50}
        ingress_cls_config: {ingress_cls: "my.module:Ingress"}
        """, engine: "vllm"), model: "")
    let arguments = try #require(application.config["args"])
    #expect(
      arguments["ingress_deployment_config"]?.sorted.text
        == #"{"autoscaling_config":{"max_replicas":3,"min_replicas":3},"max_ongoing_requests":50}"#)
    #expect(arguments["ingress_cls_config"]?["ingress_cls"]?.string == "my.module:Ingress")
    #expect(
      arguments["llm_config"]?["deployment_config"]?["num_replicas"] == nil, "a range has no number beside it"
    )
  }

  @Test func `of the bundled engine names one bundle for a whole block, and the counts beside the arguments`()
    throws
  {
    let text = """
      llm_config:
        model_loading_config: {model_id: m, model_source: operator-moe}
        engine_kwargs: {data_parallel_size: 8, max_num_seqs: 32}
        deployment_config: {num_replicas: 2}
      ingress_deployment_config: {num_replicas: 3}
      """
    let application = RayServeApplication(try manifest(text), model: "/models/m")
    let config = application.config
    #expect(config["import_path"]?.string == "dpdeploy_ray:build" && config["runtime_env"] == nil)
    let arguments = try #require(config["args"])
    let command = (arguments["rank"]?["arguments"]?.elements ?? []).compactMap(\.string)
    #expect(
      command.starts(with: ["--model", "/models/m", "--served-model-name", "m", "--max-num-seqs", "32"]))
    #expect(command.joined(separator: " ").contains("--failure-policy restart_gang"))
    #expect(arguments["rank"]?["count"]?.integer == 8)
    #expect(arguments["server_options"]?["placement_group_bundles"]?.sorted.text == #"[{"CPU":8}]"#)
    #expect(application.bundle == ["CPU": 8] && application.blocks == 2)
    let counts = (config["deployments"]?.elements ?? []).map { $0["num_replicas"]?.integer }
    #expect(counts == [2, 3])
    let more = RayServeApplication(
      try manifest(text.replacing("num_replicas: 2", with: "num_replicas: 5")), model: "/models/m")
    #expect(more.config["args"] == config["args"] && more.config != config)
  }
}
