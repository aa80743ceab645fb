import Testing

@testable import Manifest

@Suite struct `An edit of a manifest` {
  private static let text = """
    # ours
    name: app
    llm_config:
      # the model
      model_loading_config: {model_id: m, model_source: operator-moe}
      engine_kwargs:
        max_num_seqs: 4   # small
      runtime_env:
        env_vars: {VLLM_MOE_DP_CHUNK_SIZE: "2"}
    ingress_deployment_config:
      autoscaling_config: {min_replicas: 1, max_replicas: 1}

    """
  private let source = ManifestSource(name: "app.yaml", text: Self.text)

  @Test func `changes the value alone, and keeps comments and quotes`() throws {
    let new = try source.setting([
      FieldEdit("llm_config.engine_kwargs.max_num_seqs", "16"),
      FieldEdit("llm_config.runtime_env.env_vars.VLLM_MOE_DP_CHUNK_SIZE", "64"),
    ])
    #expect(
      new.text
        == Self.text.replacing("max_num_seqs: 4 ", with: "max_num_seqs: 16 ").replacing(
          "\"2\"", with: "\"64\""))
  }

  @Test func `puts a field that is not there below the key of its section`() throws {
    let new = try source.setting([FieldEdit("llm_config.engine_kwargs.data_parallel_size", "2")])
    #expect(
      new.text
        == Self.text.replacing(
          "  engine_kwargs:\n", with: "  engine_kwargs:\n    data_parallel_size: 2\n"))
  }

  @Test func `adds a section that is not there at the end, and inside braces in place`() throws {
    let new = try source.setting([FieldEdit("ingress.policy", "least_loaded")])
    #expect(new.text == Self.text + "ingress:\n  policy: least_loaded\n")
    let scaled = try source.setting([
      FieldEdit("ingress_deployment_config.autoscaling_config.upscale_delay_s", "5")
    ])
    #expect(scaled.text.contains("{upscale_delay_s: 5, min_replicas: 1"))
    let deep = try source.setting([FieldEdit("llm_config.engine_kwargs.eplb_config.step_interval", "50")])
    #expect(deep.text.contains("  engine_kwargs:\n    eplb_config:\n      step_interval: 50\n"))
  }

  @Test func `takes fields that only fit together together`() throws {
    let minimum = FieldEdit("ingress_deployment_config.autoscaling_config.min_replicas", "3")
    let maximum = FieldEdit("ingress_deployment_config.autoscaling_config.max_replicas", "3")
    #expect(throws: ManifestEditError.self) { try source.setting([minimum]) }
    #expect(try source.setting([minimum, maximum]).text.contains("{min_replicas: 3, max_replicas: 3}"))
  }

  @Test func `is refused where the place is shared, and where the value is no line`() throws {
    let shared = ManifestSource(
      name: "app.yaml",
      text: """
        name: app
        llm_config:
          model_loading_config: {model_id: m, model_source: operator-moe}
          deployment_config: &limits {max_ongoing_requests: 8}
        ingress_deployment_config: *limits

        """)
    do throws(ManifestEditError) {
      _ = try shared.setting([FieldEdit("llm_config.deployment_config.max_ongoing_requests", "16")])
      Issue.record("it changed the ingress, too")
    } catch {
      #expect("\(error)".contains("ingress_deployment_config.max_ongoing_requests"))
    }
    #expect(throws: ManifestEditError.self) {
      try source.setting([FieldEdit("llm_config.engine_kwargs", "8")])
    }
    #expect(throws: ManifestEditError.self) {
      try source.setting([FieldEdit("llm_config.engine_kwargs.max_num_seqs", "many")])
    }
  }

  @Test func `finds its place in a Ray Serve config`() throws {
    let config = ManifestSource(
      name: "serve.yaml",
      text: """
        applications:
          - name: app
            import_path: ray.serve.llm:build_dp_openai_app
            args:
              llm_config:
                model_loading_config: {model_id: m, model_source: operator-moe}
                engine_kwargs: {data_parallel_size: 2}

        """)
    let new = try config.setting([FieldEdit("llm_config.engine_kwargs.data_parallel_size", "4")])
    #expect(new.text == config.text.replacing("size: 2", with: "size: 4"))
  }

  @Test func `is told as the lines that go and come`() throws {
    let new = try source.setting([
      FieldEdit("llm_config.engine_kwargs.max_num_seqs", "16"), FieldEdit("ingress.policy", "random"),
    ])
    #expect(
      source.lineChanges(to: new) == [
        "-     max_num_seqs: 4   # small", "+     max_num_seqs: 16   # small", "+ ingress:",
        "+   policy: random",
      ])
  }
}
