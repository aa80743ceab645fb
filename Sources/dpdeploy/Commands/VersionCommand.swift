import CommandLine
import Manifest
import Platform

/// `dpdeploy version`.
enum VersionCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy version", "Print the version of the tools.",
    options: [OptionDescription("json", .flag, "Print one JSON object."), .color])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) -> ExitCode {
    guard arguments.flag("json") else {
      streams.line("dpdeploy \(Version.current)")
      return .ok
    }
    let object = Value.map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)), .init("kind", .text("Version")),
      .init("schemaVersion", .text("1.0")), .init("version", .text(Version.current)),
    ])
    streams.line(object.json())
    return .ok
  }
}
