import CommandLine
import Manifest
import Testing

@testable import dpdeploy

@Suite struct `The settings that hold` {
  private func settings(given: Bool = false) throws -> [ConfigCommand.Setting] {
    let text = """
      name: app
      llm_config:
        model_loading_config: {model_id: m}
        engine_kwargs: {api_key: hush}
      ingress:
        port: 9000
      """
    let manifest = try #require(Manifest.read(ManifestSource(name: "a.yaml", text: text)).manifest)
    return ConfigCommand.settings(of: manifest, file: "a.yaml", isGivenOnly: given)
  }

  @Test func `are those of the file with their lines, and defaults`() throws {
    let all = try settings()
    #expect(all.contains(.init(path: "ingress.port", value: .integer(9000), origin: "a.yaml:6")))
    #expect(all.contains(.init(path: "ingress.host", value: .text("127.0.0.1"), origin: nil)))
    let given = try settings(given: true)
    #expect(given.count == 4 && given.allSatisfy { $0.origin != nil }, "\(given)")
    let text = ConfigCommand.text(all, withOrigin: true, .plain)
    #expect(text.contains("ingress.port: 9000  # a.yaml:6\n"))
    #expect(text.contains("ingress.host: \"127.0.0.1\"  # default\n"))
  }

  @Test func `hold no secret`() throws {
    let text = ConfigCommand.text(try settings(), withOrigin: false, .plain)
    #expect(text.contains("llm_config.engine_kwargs.api_key: \"<redacted>\"\n") && !text.contains("hush"))
  }

  @Test(arguments: [EngineKind.bundled, .vllm]) func `come from a variable where the file leaves them open`(
    engine: EngineKind
  ) throws {
    func setting(_ kwargs: String) throws -> ConfigCommand.Setting? {
      let text = """
        name: app
        engine: \(engine.rawValue)
        llm_config:
          model_loading_config: {model_id: m}
          engine_kwargs: {\(kwargs)}
          runtime_env: {env_vars: {VLLM_ALL2ALL_BACKEND: deepep_low_latency}}
        """
      let manifest = try #require(Manifest.read(ManifestSource(name: "a.yaml", text: text)).manifest)
      return ConfigCommand.settings(of: manifest, file: "a.yaml", isGivenOnly: false)
        .first { $0.path == "llm_config.engine_kwargs.all2all_backend" }
    }
    let open = try #require(try setting(""))
    #expect(open.value == .text("deepep_low_latency") && open.origin == "VLLM_ALL2ALL_BACKEND")
    let written = try #require(try setting("all2all_backend: deepep_high_throughput"))
    #expect(written.value == .text("deepep_high_throughput") && written.origin == "a.yaml:5")
  }

  @Test func `tell which variable says where state and model are`() {
    func surroundings(_ variables: [String: String]) -> [ConfigCommand.Setting] {
      ConfigCommand.surroundings(modelFolder: "/m/moe") { variables[$0] }
    }
    func expected(_ home: String, _ origin: String?, _ model: String?) -> [ConfigCommand.Setting] {
      [
        .init(path: "environment.home", value: .text(home), origin: origin),
        .init(path: "environment.model_folder", value: .text("/m/moe"), origin: model),
      ]
    }
    #expect(
      surroundings(["HOME": "/h", "DPDEPLOY_HOME": "/d", "DPDEPLOY_MODELS": "/m"])
        == expected("/d", "DPDEPLOY_HOME", "DPDEPLOY_MODELS"))
    #expect(
      surroundings(["HOME": "/h", "XDG_STATE_HOME": "/s", "DPDEPLOY_MODELS": "/other"])
        == expected("/s/dpdeploy", "XDG_STATE_HOME", nil))
    #expect(surroundings(["HOME": "/h"]) == expected("/h/.local/state/dpdeploy", nil, nil))
  }
}
