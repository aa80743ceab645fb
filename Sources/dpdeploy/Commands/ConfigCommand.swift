import CommandLine
import ControlAPI
import Manifest
import Platform

/// `dpdeploy config`: what holds, and who said so.
enum ConfigCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy config", "Show every setting of a manifest that holds, and where it comes from.",
    discussion: """
      Also those that nobody wrote: they have their defaults, or what an environment variable says. Secrets are not shown.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription(
        "origin", .flag,
        "Say of each whether it stands in the file, on which line, comes from an environment variable, or is a default."
      ),
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
    let isGivenOnly = arguments.flag("given")
    var settings = self.settings(of: manifest, file: reading.source.name, isGivenOnly: isGivenOnly)
    if !isGivenOnly {
      let folder = ManifestFile.modelFolder(manifest, manifestName: arguments.operands[0])
      settings += surroundings(modelFolder: folder) { Environment[$0] }
    }
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
    /// `app.yaml:7`, or the variable it comes from; nil for a default.
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
      let variable = manifest.variable(deciding: entry.path)
      let value = variable.map { Value.text($0.display) } ?? entry.value
      guard entry.span != nil || !isGivenOnly && value != .null else { return nil }
      let isHidden = entry.isSecret && value != .null
      return Setting(
        path: entry.path, value: isHidden ? .text(Settings.redacted) : value,
        origin: variable?.name ?? entry.span.map { "\(file):\($0.line)" })
    }
  }

  /// What the shell decides besides the file: where the controller's state is, and which model a name means.
  static func surroundings(modelFolder: String?, _ environment: (String) -> String?) -> [Setting] {
    func isSet(_ name: String) -> Bool { environment(name).map { !$0.isEmpty } ?? false }
    let models = "DPDEPLOY_MODELS"
    let isOfModels =
      isSet(models) && modelFolder.map { $0.hasPrefix((environment(models) ?? "") + "/") } ?? false
    let settings: [Setting?] = [
      HomeDirectory(environment: environment).map {
        Setting(
          path: "environment.home", value: .text($0.path),
          origin: ["DPDEPLOY_HOME", "XDG_STATE_HOME"].first(where: isSet))
      },
      modelFolder.map {
        Setting(path: "environment.model_folder", value: .text($0), origin: isOfModels ? models : nil)
      },
    ]
    return settings.compactMap(\.self)
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
