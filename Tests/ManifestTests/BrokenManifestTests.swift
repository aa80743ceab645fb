import Glibc
import Manifest
import Testing

/// The manifests of the folder Broken, and what is said about each; `UPDATE_GOLDEN=1 swift test` writes that anew.
@Suite struct `Broken manifests` {
  private static let folder = "Tests/ManifestTests/Broken"

  /// The names of the files, sorted.
  private static func names() throws -> [String] {
    let folder = try #require(opendir(projectFolder + "/" + folder))
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { bytes in
        bytes.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".yaml") { names.append(name) }
    }
    return names.sorted()
  }

  private static func reading(_ name: String) throws -> ManifestReading {
    Manifest.read(ManifestSource(name: name, text: try contents("\(folder)/\(name)")))
  }

  private static func report(_ diagnostic: Diagnostic) -> String {
    let remarks = [diagnostic.note.map { "  note: \($0)\n" }, diagnostic.help.map { "  help: \($0)\n" }]
    return "\(diagnostic)\n" + remarks.compactMap(\.self).joined()
  }

  @Test func `are each refused, with what is wrong, where and how to mend it`() throws {
    let names = try Self.names()
    #expect(names.count >= 150)
    var report = ""
    for name in names {
      let reading = try Self.reading(name)
      #expect(reading.manifest == nil, "\(name) is accepted")
      report += reading.diagnostics.filter { $0.severity == .error }.map(Self.report).joined() + "\n"
    }
    let path = "\(projectFolder)/\(Self.folder)/diagnostics.txt"
    if getenv("UPDATE_GOLDEN") != nil {
      let file = try #require(fopen(path, "w"))
      fputs(report, file)
      fclose(file)
    }
    let golden = try contents("\(Self.folder)/diagnostics.txt").split(separator: "\n\n")
    let said = report.split(separator: "\n\n")
    #expect(golden.count == said.count)
    for (said, golden) in zip(said, golden) { #expect(said == golden) }
  }

  @Test func `have a line for every error, but where there is no text at all`() throws {
    for name in try Self.names() {
      for error in try Self.reading(name).diagnostics where error.severity == .error {
        #expect(error.span != nil || error.code == .empty, "\(name): \(error)")
      }
    }
  }
}
