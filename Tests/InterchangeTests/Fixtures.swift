import Glibc
import Manifest
import Testing

@testable import Interchange

/// A deployment of 4 ranks on two nodes, with a bit of everything; lines are added at the end.
func manifest(_ lines: String = "", arguments: String = "", variables: String = "") throws -> Manifest {
  try manifest(
    of: """
      name: app
      llm_config:
        model_loading_config: {model_id: moe, model_source: org/moe}
        engine_kwargs:
          data_parallel_size: 4
          max_num_seqs: 64
          \(arguments)
        experimental_configs: {dp_size_per_node: 2}
        runtime_env: {env_vars: {\(variables)}}
      \(lines)

      """)
}

/// A manifest that must be good, read for vLLM.
func manifest(of text: String) throws -> Manifest {
  let reading = Manifest.read(ManifestSource(name: "m.yaml", text: text), engine: .vllm)
  return try #require(reading.manifest, "\(reading.diagnostics)")
}

/// The text of the file whose name ends so.
func text(_ rendition: Rendition, _ ending: String) throws -> String {
  try #require(rendition.files.first { $0.name.hasSuffix(ending) }, "\(rendition.files.map(\.name))").text
}

/// A file of the project.
func contents(_ path: String) throws -> String {
  let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  let file = try #require(fopen("\(folder)/\(path)", "r"), "cannot open \(path)")
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}
