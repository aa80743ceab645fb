import Glibc
import Manifest
import Testing

/// The project's folder, found from this file.
let projectFolder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

func contents(_ path: String) throws -> String {
  let file = try #require(fopen(projectFolder + "/" + path, "r"), "cannot open \(path)")
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}

func read(_ text: String) -> ManifestReading {
  Manifest.read(ManifestSource(name: "m.yaml", text: text))
}

/// A small manifest with lines added at the end.
let smallest = """
  name: app
  llm_config:
    model_loading_config:
      model_id: moe

  """

func smallest(_ lines: String) -> String { smallest + lines + "\n" }

/// Reads a manifest that must be good.
func manifest(_ lines: String = "") throws -> Manifest {
  let reading = read(smallest(lines))
  return try #require(reading.manifest, "\(reading.diagnostics)")
}

/// `line:column code` of each diagnostic, in order.
func places(_ text: String) -> [String] {
  read(text).diagnostics.map { "\($0.span.map { "\($0.line):\($0.column)" } ?? "-") \($0.code)" }
}
