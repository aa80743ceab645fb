import ControlAPI
import Deployment
import Glibc
import Testing

@testable import Controller

@Suite struct `Taking a manifest in` {
  private static let manifest = """
    apiVersion: dpdeploy/v1
    name: demo
    llm_config: {model_loading_config: {model_id: toy, model_source: ./toy}}
    ingress: {api_keys_file: keys}
    """

  private func accept(_ folder: String) throws(ControlError) -> AcceptedManifest {
    try ManifestIntake(tools: ToolPaths(engine: "/e", ingress: "/i", models: [])).accept(
      Self.manifest, path: folder + "/app.yaml", folder: "/")
  }

  @Test func `takes the file of keys from the manifest's folder, and only when nobody else may read it`()
    throws
  {
    var template = Array("/tmp/dpm-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in ["toy/config.json", "keys"] { unlink(folder + "/" + name) }
      for path in [folder + "/toy", folder] { rmdir(path) }
    }
    mkdir(folder + "/toy", 0o700)
    fclose(fopen(folder + "/toy/config.json", "we"))
    #expect(throws: ControlError.self) { try accept(folder) }
    fclose(fopen(folder + "/keys", "we"))
    chmod(folder + "/keys", 0o644)
    let open = #expect(throws: ControlError.self) { try accept(folder) }
    #expect(open?.message.contains("chmod 600 \(folder)/keys") == true && open?.exitCode == 3)
    chmod(folder + "/keys", 0o600)
    let words = try accept(folder).spec.ingress.arguments.joined(separator: " ")
    #expect(words.contains("--api-keys-file \(folder)/keys"))
  }
}
