import CommandLine
import ControlAPI
import ControlClient
import FoundationEssentials
import Manifest
import Platform

/// What somebody needs who is to find out what went wrong, as files of a bundle.
@Loop
struct Evidence {
  /// A file's name in the bundle, and its text.
  typealias File = (name: String, text: String)

  let home: HomeDirectory
  /// Of this application only; nil of all.
  let application: String?
  /// The last lines of each replica that are taken along.
  static let logLines = 2000
  private static let controllerLogBytes = 256 * 1024

  /// Everything there is, in the order in which it is read; what cannot be had is said in the file's place.
  func collect() async -> [File] {
    let facts = MachineFacts.current(await DoctorCommand.machine(), home: home)
    let checks = DoctorCommand.text(Preflight(facts: facts, wish: nil).checks, .plain)
    var files: [File] = [("versions.json", versions(facts)), ("doctor.txt", checks)]
    var secrets = Redaction.secrets(inEnvironment: Environment.all)
    let client = ControlClient(home: home)
    do {
      var status = try await client.status()
      if let application { status.applications.removeAll { $0.name != application } }
      files.append(("status.json", json(status)))
      files.append(("events.json", json(try await client.events(since: 0, application: application))))
      for application in status.applications {
        let manifest = application.manifestPath.flatMap { try? ManifestFile.source($0).get() }
        files += manifest.map { [("manifests/\(application.name).yaml", Self.masked($0))] } ?? []
        secrets += manifest.flatMap { Manifest.read($0).manifest?.secrets.values.map(\.self) } ?? []
        files += await logs(of: application.name, client)
      }
    } catch { files.append(("status.txt", error.message + "\n")) }
    if let log = Self.tail(home.controllerLog) { files.append(("logs/controller.log", log)) }
    let redaction = Redaction(secrets)
    return files.map { ($0.name, redaction($0.text)) }
  }

  private func versions(_ facts: MachineFacts) -> String {
    Value.map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)), .init("kind", .text("Versions")),
      .init("schemaVersion", .text("1.0")), .init("dpdeploy", .text(Version.current)),
      .init("kernel", facts.kernel.map { .text($0) } ?? .null), .init("cores", .integer(facts.machine.cores)),
      .init("memory_bytes", facts.machine.memoryBytes.map { .integer($0) } ?? .null),
    ]).json(indent: 2) + "\n"
  }

  private func logs(of application: String, _ client: ControlClient) async -> [File] {
    guard let page = try? await client.logs(application: application, tail: Self.logLines) else { return [] }
    let replicas = Dictionary(grouping: page.lines, by: \.replica).sorted { $0.key < $1.key }
    return replicas.map { replica, lines in
      ("logs/\(application)/\(replica).log", lines.map { $0.text + "\n" }.joined())
    }
  }

  private static func masked(_ manifest: ManifestSource) -> String {
    manifest.text.split(separator: "\n", omittingEmptySubsequences: false).indices
      .map { (manifest.shownLine($0 + 1) ?? "") + "\n" }.joined()
  }

  private static func tail(_ path: String) -> String? {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
    return String(decoding: data.suffix(controllerLogBytes), as: UTF8.self)
  }
}
