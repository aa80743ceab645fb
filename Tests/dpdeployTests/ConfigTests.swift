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
}
