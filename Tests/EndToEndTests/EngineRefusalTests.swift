import ControlAPI
import FoundationEssentials
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// What vLLM or its devices would fail at minutes later is said at once, and nothing has changed.
  @Suite @Loop struct `A deployment of vLLM that cannot start` {
    @Test func `is refused where there is no vLLM, or none that runs`() async throws {
      try await onStage { stage in
        let missing = try await stage.dpdeploy("apply", try manifest(stage, "\(stage.folder)/vllm"))
        #expect(missing.ended(with: 3) && missing.errors.contains("pip install vllm"), "\(missing)")
        let moved = try script("#!/gone/venv/bin/python\n", in: stage)
        let apply = try await stage.dpdeploy("apply", try manifest(stage, moved))
        #expect(apply.ended(with: 3) && apply.errors.contains("/gone/venv/bin/python, which"), "\(apply)")
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `is refused when the release is too old, or knows no such flag`() async throws {
      try await onStage { stage in
        let program = "\(Tools.tests)/vllm/vllm"
        let old = try await stage.dpdeploy("apply", try manifest(stage, program, "version: \"0.9.2\""))
        #expect(old.ended(with: 4) && old.errors.contains("vLLM 0.9.2 is too old"), "\(old)")
        let flag = try manifest(stage, program, "version: \"0.32.0\", extra_args: [--enforce-eagr]")
        let apply = try await stage.dpdeploy("apply", flag)
        #expect(apply.ended(with: 3) && apply.errors.contains("did you mean `--enforce-eager`"), "\(apply)")
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `is refused when somebody else has its device, who is named`() async throws {
      try await onStage { stage in
        let program = "\(Tools.tests)/vllm/vllm"
        let path = try manifest(stage, program, "version: \"0.32.0\"")
        try devices(heldBy: getpid(), stage)
        // Without a controller, nobody plans on this machine's devices.
        for command in ["apply", "plan"] {
          let run = try await withDevices([command, path], stage)
          #expect(run.ended(with: 4) && run.output == "", "\(run)")
          #expect(run.errors.contains("device 1 is held by process \(getpid()) ("), "\(run)")
          #expect(run.errors.contains(", 70000 MiB)"), "\(run)")
        }
        let status = try await stage.look().status
        #expect(status.applications == [] && Remains.runFiles(of: stage.home) == [])
        #expect(Population(of: stage.home).all == [try #require(status.controller.pid)])
        let doctor = try await withDevices(["doctor", path], stage)
        #expect(doctor.ended(with: 4) && doctor.output.contains("FAIL  devices"), "\(doctor)")
      }
    }

    @Test func `goes on with devices that it holds itself`() async throws {
      try await onStage { stage in
        let program = "\(Tools.tests)/vllm/vllm"
        try devices(heldBy: 0, stage)
        let path = try manifest(stage, program, "version: \"0.32.0\"")
        let first = try await withDevices(["apply", path, "--wait"], stage)
        #expect(first.ended(with: 0), "\(first)")
        let server = try #require(try await stage.look().status.applications.first?.pids(.rank).first)
        try devices(heldBy: server, stage)
        let changed = try manifest(stage, program, "version: \"0.32.0\", extra_args: [--enforce-eager]")
        let second = try await withDevices(["apply", changed, "--wait"], stage)
        #expect(second.ended(with: 0), "\(second)")
      }
    }

    @Test func `tells how busy its ranks' devices are, and nothing where others alone hold them`()
      async throws
    {
      try await onStage { stage in
        try devices(heldBy: 0, stage)
        let path = try manifest(stage, "\(Tools.tests)/vllm/vllm", "version: \"0.32.0\"")
        let run = try await withDevices(["apply", path, "--wait"], stage)
        #expect(run.ended(with: 0), "\(run)")
        let ranks = try #require(try await stage.look().status.applications.first?.replicas(.rank))
        let server = try #require(ranks[0].pid.value)
        _ = try script(
          "processes 0 \(server):70000\nprocesses 1 \(getpid()):70000\nbusy 0 93\n", in: stage,
          named: "libnvmlstub.so.script")
        let deadline = Instant.after(.seconds(20))
        var status = try await stage.look().status
        while status.applications.first?.hints.contains(where: { $0.id == "H36" }) != true
          || status.applications.first?.replicas(.rank).first?.gpuUtilizationRatio != .known(0.93),
          Instant.now < deadline
        {
          status = try await stage.look().status
        }
        let after = try #require(status.applications.first?.replicas(.rank))
        #expect(after[0].gpuUtilizationRatio == .known(0.93) && after[0].utilizationSource == .known("nvml"))
        #expect(after[1].gpuUtilizationRatio == .unknown && after[1].utilizationSource == .unknown)
        #expect(after.map(\.devices) == [[0], [1]])
        let devices = try #require(status.machines?.first?.devices)
        #expect(devices.map { $0.processes.value?.first?.replica } == ["dp0", nil])
        #expect(devices[1].throttleReasons == .known([.hardwareSlowdown, .hardwareThermal]))
        let hint = try #require(status.applications.first?.hints.first { $0.id == "H36" })
        #expect(hint.replica == "dp1", "\(hint)")
      }
    }

    @Test func `is seen by the doctor, with what vLLM says itself`() async throws {
      try await onStage { stage in
        let sound = try await stage.dpdeploy("doctor", try manifest(stage, "\(Tools.tests)/vllm/vllm"))
        #expect(sound.output.contains("PASS  vllm") && sound.output.contains(", 0.32.0"), "\(sound)")
        let broken = try script(
          "#!/bin/sh\necho 'ImportError: libcudart.so.12: cannot open shared object file' >&2\nexit 1\n",
          in: stage)
        let doctor = try await stage.dpdeploy("doctor", try manifest(stage, broken))
        #expect(
          doctor.ended(with: 4) && doctor.output.contains("exit 1: ImportError: libcudart"), "\(doctor)")
      }
    }

    private func manifest(_ stage: Stage, _ executable: String, _ options: String = "") throws -> String {
      let path = stage.folder + "/vllm.yaml"
      let text = """
        name: quickstart
        engine: vllm
        llm_config:
          model_loading_config: {model_id: operator-moe, model_source: org/model}
          engine_kwargs: {data_parallel_size: 2, max_num_seqs: 8}
        ingress: {port: 0}
        engine_options: {\(["executable: \(executable)", options].filter { !$0.isEmpty }.joined(separator: ", "))}
        """
      try Data(text.utf8).write(to: URL(filePath: path))
      return path
    }

    private func script(_ text: String, in stage: Stage, named name: String = "script") throws -> String {
      let path = "\(stage.folder)/\(name)"
      try Data(text.utf8).write(to: URL(filePath: path))
      chmod(path, 0o755)
      return path
    }

    /// Puts a management library in the stage's folder that tells of two devices, the second held by process `pid`.
    private func devices(heldBy pid: Int32, _ stage: Stage) throws {
      let library = "\(stage.folder)/libnvmlstub.so"
      if access(library, F_OK) != 0 {
        try FileManager.default.copyItem(atPath: Tools.path(of: "libnvmlstub.so"), toPath: library)
      }
      _ = try script(pid == 0 ? "" : "processes 1 \(pid):70000\n", in: stage, named: "libnvmlstub.so.script")
    }

    private func withDevices(_ words: [String], _ stage: Stage) async throws -> Run {
      let library = "DPDEPLOY_NVML=\(stage.folder)/libnvmlstub.so"
      return try await stage.run("/usr/bin/env", [library, Tools.path(of: "dpdeploy")] + words)
    }
  }
}
