import CommandLine
import Manifest

/// `dpdeploy config`: what holds, and who said so.
enum ConfigCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy config", "Show every setting of a manifest that holds, and where it comes from.",
    discussion: """
      Also those that nobody wrote: they have their defaults. Secrets are not shown.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription(
        "origin", .flag, "Say of each whether it stands in the file, on which line, or is a default."),
      OptionDescription("given", .flag, "Only what stands in the file."),
      OptionDescription("json", .flag, "Print one JSON object."),
      .color,
    ],
    examples: [
      .init("dpdeploy config app.yaml --origin", "every setting with its line"),
      .init("dpdeploy config app.yaml --given", "what was decided on purpose"),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) -> ExitCode {
    let reading = ManifestFile.read(arguments.operands[0])
    streams.show(reading, .text, atLeast: .error)
    guard let manifest = reading.manifest else { return .forManifest(reading.diagnostics) }
    let settings = self.settings(
      of: manifest, file: reading.source.name, isGivenOnly: arguments.flag("given"))
    if arguments.flag("json") {
      streams.line(document(settings).json())
    } else {
      streams.out(text(settings, withOrigin: arguments.flag("origin"), streams.outputStyle))
    }
    return .ok
  }

  /// A setting as it is shown.
  struct Setting: Equatable {
    let path: String
    let value: Value
    /// `app.yaml:7`; nil for a default.
    let origin: String?

    var object: Value {
      .map([
        .init("path", .text(path)), .init("value", value), .init("origin", .text(origin ?? "default")),
      ])
    }
  }

  /// What holds: all that has a value, or only what stands in the file.
  static func settings(of manifest: Manifest, file: String, isGivenOnly: Bool) -> [Setting] {
    manifest.settings.entries.compactMap { entry in
      guard entry.span != nil || !isGivenOnly && entry.value != .null else { return nil }
      let isHidden = entry.isSecret && entry.value != .null
      return Setting(
        path: entry.path, value: isHidden ? .text(Settings.redacted) : entry.value,
        origin: entry.span.map { "\(file):\($0.line)" })
    }
  }

  static func text(_ settings: [Setting], withOrigin: Bool, _ style: Style) -> String {
    settings.map { setting in
      let line = "\(style.cyan(setting.path)): \(setting.value.json())"
      return line + (withOrigin ? style.dim("  # " + (setting.origin ?? "default")) : "") + "\n"
    }.joined()
  }

  private static func document(_ settings: [Setting]) -> Value {
    .map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)), .init("kind", .text("Config")),
      .init("schemaVersion", .text("1.0")), .init("settings", .list(settings.map(\.object))),
    ])
  }
}
