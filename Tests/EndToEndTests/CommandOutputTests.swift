import FoundationEssentials
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// What scripts and eyes get of the commands, and the exit codes that only a whole deployment brings about.
  @Suite @Loop struct `The commands` {
    @Test func `print JSON that their schema describes`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart()
        try await stage.deploy(path)
        let lines = [
          "version --json", "validate \(path) --error-format json", "config \(path) --json",
          "doctor \(path) --json", "capacity \(path) --json", "plan \(path) --json",
          "scale quickstart --ingress 3 --json", "rollout pause quickstart --json",
          "rollout resume quickstart --json", "rollout history quickstart --json",
          "cordon quickstart dp1 --json", "drain quickstart dp1 --json", "uncordon quickstart dp1 --json",
          "events quickstart --json", "logs quickstart --tail 3 --json", "timeline quickstart --json",
          "audit quickstart --json", "hints quickstart --json", "daemon status --json",
          "bench quickstart -n 2 -c 1 --max-tokens 4 --json",
        ]
        var members: [String] = []
        for line in lines {
          let run = try await dpdeploy(line, stage)
          #expect(run.ended(with: 0), "\(run)")
          let words = line.split(separator: " ")
          let isPair = words[0] == "rollout" || words[0] == "daemon"
          members.append("\"\(words.prefix(isPair ? 2 : 1).joined(separator: " "))\": \(run.output)")
        }
        try await stage.check(
          ["{\(members.joined(separator: ","))}"], against: "commands.schema.json")
      }
    }

    @Test func `read as agreed, and end with the agreed codes`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart()
        try Data(text(ofFile: path).replacing("max_num_seqs: 64", with: "max_num_seqs: 32").utf8)
          .write(to: URL(filePath: stage.folder + "/changed.yaml"))
        try Data(
          text(ofFile: path).replacing(
            "\ningress:", with: "\nengine_options: {accelerator_memory: 1MiB}\ningress:"
          ).utf8
        )
        .write(to: URL(filePath: stage.folder + "/failing.yaml"))
        try Data(text(ofFile: path).replacing("ingress:\n", with: "ingres:\n").utf8)
          .write(to: URL(filePath: stage.folder + "/wrong.yaml"))
        var transcript = ""
        for line in [
          "status --check", "validate quickstart.yaml", "validate wrong.yaml",
          "config quickstart.yaml --given --origin",
          "capacity quickstart.yaml", "plan quickstart.yaml --exit-code", "apply quickstart.yaml --wait",
          "wait quickstart", "wait quickstart --for deleted --timeout 0s", "plan quickstart.yaml --exit-code",
          "apply quickstart.yaml", "plan changed.yaml", "apply changed.yaml --expect-revision 7",
          "apply failing.yaml --wait", "wait quickstart", "rollout history quickstart",
          "rollout pause quickstart",
          "rollout resume quickstart", "scale quickstart --ingress 3 --wait", "cordon quickstart dp1",
          "drain quickstart dp0 dp1", "uncordon quickstart dp1", "restart quickstart nobody",
          "status quickstart --check -o name", "audit quickstart", "delete quickstart",
          "delete quickstart --yes",
          "daemon status", "daemon stop", "events",
        ] {
          transcript +=
            "$ dpdeploy \(line)\n" + shown(try await dpdeploy(line, stage, in: stage.folder), stage)
        }
        try expect(transcript)
      }
    }

    @Test func `leave a deployment alone when a wait ends by itself or by Ctrl-C`() async throws {
      try await onStage { stage in
        let program = stage.folder + "/vllm"
        try Data("#!/bin/sh\nexec sleep 600\n".utf8).write(to: URL(filePath: program))
        chmod(program, 0o755)
        let text = """
          name: quickstart
          engine: vllm
          llm_config: {model_loading_config: {model_id: operator-moe, model_source: org/model}}
          ingress: {port: 0}
          engine_options: {executable: ./vllm, version: "0.32.0"}
          """
        try Data(text.utf8).write(to: URL(filePath: stage.folder + "/slow.yaml"))
        let apply = try await dpdeploy("apply slow.yaml --wait --timeout 300ms", stage, in: stage.folder)
        #expect(apply.ended(with: 6) && apply.errors.contains("quickstart is still DEPLOYING"), "\(apply)")
        let wait = try await stage.run(
          "/usr/bin/timeout",
          ["--preserve-status", "--signal=INT", "2", Tools.path(of: "dpdeploy"), "wait", "quickstart"])
        #expect(
          wait.ended(with: 130) && wait.errors.contains("stopped waiting; quickstart goes on"), "\(wait)")
        let check = try await dpdeploy("status quickstart --check", stage)
        #expect(check.ended(with: 7), "\(check)")
      }
    }

    private func dpdeploy(_ line: String, _ stage: Stage, in folder: String? = nil) async throws -> Run {
      let words = line.split(separator: " ").map(String.init)
      let tool = Tools.path(of: "dpdeploy")
      guard let folder else { return try await stage.run(tool, words, within: .seconds(90)) }
      return try await stage.run(
        "/usr/bin/env", ["--chdir=\(folder)", tool] + words, within: .seconds(90))
    }

    /// What a run printed and how it ended, without what differs from run to run or from user to user.
    private func shown(_ run: Run, _ stage: Stage) -> String {
      // How far a start has come is said as often as it changes.
      let errors = run.errors.split(separator: "\n").filter { !$0.contains(" ready") }
      let said = run.output + errors.map { "! \($0)\n" }.joined()
      let code = if case .exited(let code) = run.status { "\(code)" } else { "\(run.status)" }
      let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(getuid())"
      return said.replacing(stage.folder, with: "FOLDER").replacing(/[ ]+/, with: " ")
        .replacing(" \(user) ", with: " USER ").replacing(Self.phase, with: "in PHASE:").replacing(
          /[ ]\n/, with: "\n"
        )
        .replacing(/[0-9]+([.:\-T][0-9]+)*(ms|s|Z|Ki|Mi|Gi)?\b/, with: "#") + "exit \(code)\n\n"
    }

    /// A rank that fails may end before it is read how far it had come.
    private static var phase: Regex<Substring> { /in (?:spawn|rendezvous|load_weights|kv_alloc|warmup):/ }

    /// Holds a transcript to the agreed one; `UPDATE_GOLDEN=1 swift test` writes that anew.
    private func expect(_ transcript: String) throws {
      let path = Tools.tests + "/commands.txt"
      if Environment["UPDATE_GOLDEN"] != nil { try Data(transcript.utf8).write(to: URL(filePath: path)) }
      let agreed = try text(ofFile: path)
      let sections = (transcript.split(separator: "\n\n"), agreed.split(separator: "\n\n"))
      #expect(sections.0.count == sections.1.count)
      for (said, agreed) in zip(sections.0, sections.1) { #expect(said == agreed) }
    }
  }
}
