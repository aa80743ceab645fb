import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// What the tools leave to the shell and to man.
  @Suite @Loop struct `The shell` {
    @Test func `bash completes commands, options, values and the names of what runs`() async throws {
      try await onStage { stage in
        let apply = try await stage.dpdeploy("apply", try stage.quickstart())
        #expect(apply.ended(with: 0), "\(apply)")
        let window = TerminalWindow(stage)
        do {
          let home = stage.home.path
          try await window.open(
            "cd \(stage.folder); env DPDEPLOY_HOME=\(home) PS1='$ ' PATH=\(Executable.directory ?? "."):$PATH "
              + "bash --norc --noprofile")
          try await window.press("source <(dpdeploy completion bash)", "Enter")
          for (typed, completed) in [
            ("dpdeploy stat", "dpdeploy status "), ("dpdeploy delete --y", "dpdeploy delete --yes "),
            ("dpdeploy validate --color=al", "dpdeploy validate --color=always "),
            ("dpdeploy logs qui", "dpdeploy logs quickstart "),
            ("dpdeploy restart quickstart dp", "dpdeploy restart quickstart dp"),
            ("dpdeploy validate quickst", "dpdeploy validate quickstart.yaml "),
          ] {
            // Keys that come while bash still draws its prompt garble the line.
            try await window.lines(showing: []) {
              $0.joined(separator: " ").split(separator: " ").last == "$"
            }
            try await window.press(typed, "Tab", "X")
            try await window.shows("$ \(completed)X", within: .seconds(10))
            try await window.press("C-u")
          }
        } catch {
          await window.close()
          throw error
        }
        await window.close()
      }
    }

    @Test(.enabled(if: access("/usr/bin/fish", X_OK) == 0, "there is no fish"))
    func `fish completes what bash does`() async throws {
      try await onStage { stage in
        let script = """
          set -x PATH \(Executable.directory ?? ".") $PATH
          dpdeploy completion fish | source
          complete -C 'dpdeploy stat'; complete -C 'dpdeploy validate --color=al'; complete -C 'dpdeploy daemon '
          """
        let run = try await stage.run("/usr/bin/fish", ["--no-config", "-c", script])
        let words = run.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
        #expect(words == ["status", "--color=always", "repair", "start", "status", "stop"], "\(run)")
      }
    }

    @Test func `man has nothing to say against the pages of the tools`() async throws {
      try await onStage { stage in
        let pages = stage.folder + "/man"
        mkdir(pages, 0o700)
        let write = try await stage.dpdeploy("man", "--into", pages)
        #expect(write.ended(with: 0), "\(write)")
        for tool in ["dptop", "dpdeployd", "dpingress", "dpengine"] {
          let page = try await stage.run(
            "/bin/sh", ["-c", "\"$0\" --man > \(pages)/\(tool).1", Tools.path(of: tool)])
          #expect(page.ended(with: 0), "\(page)")
        }
        let check = try await stage.run(
          "/bin/sh",
          [
            "-c",
            "for page in \(pages)/*.1; do groff -k -ww -man -Tutf8 -P-cbou -rLL=100n $page || exit; done",
          ])
        #expect(check.ended(with: 0) && check.errors == "", "\(check.errors)")
        for words in [
          "dpdeploy status quickstart --check", "Exit 7 unless", "dptop [OPTIONS]", "--listen-fd FD",
        ] {
          #expect(check.output.contains(words), "\(words)")
        }
      }
    }
  }
}
