import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// `dpdeploy apply`: has a manifest carried out.
enum ApplyCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy apply", "Carry out a manifest: start it, or change what differs from what runs.",
    discussion: """
      Starts a controller where none runs. Applying the same manifest again does nothing; a changed one prints the fields \
      that differ and what each costs. Without --wait it returns once the controller has recorded the wish.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription("dry-run", .flag, "Show what would change, as `dpdeploy plan` does, and do nothing."),
      OptionDescription(
        "no-rollback", .flag,
        "Leave a failed revision as it is; otherwise the last healthy one comes back, once."),
      OptionDescription(
        "expect-revision", .value("N"), "Refuse, exit 9, unless this revision holds now."),
      OptionDescription(
        "overwrite", .flag,
        "Replace what somebody else changed on a Ray cluster since the last apply; refused otherwise, exit 9."
      ),
      OptionDescription("wait", .flag, "Wait until everything is HEALTHY."),
      OptionDescription(
        "timeout", .value("TIME"), "Give up waiting after this long, exit 6.", fallback: "10m"),
      .color,
    ],
    examples: [
      .init("dpdeploy apply manifests/quickstart.yaml --wait", "two ranks and two ingress replicas, ready")
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let timeout = try arguments.seconds("timeout") ?? 600
    guard !arguments.flag("dry-run") else { return try await PlanCommand.run(arguments, streams) }
    let name = arguments.operands[0]
    let reading = ManifestFile.read(name, missingModel: .error)
    streams.show(reading, .text)
    guard !reading.hasErrors else { return .forManifest(reading.diagnostics) }
    let (client, started) = try await DaemonLauncher(home: try HomeDirectory.ofEnvironment()).connect()
    if started { streams.remark("started a controller in \(client.home.path)") }
    var wish = request(for: reading, named: name)
    wish.expectRevision = try arguments.integer("expect-revision", in: 1...1_000_000_000)
    wish.noRollback = arguments.flag("no-rollback") ? true : nil
    wish.overwrite = arguments.flag("overwrite") ? true : nil
    let result = try await client.apply(wish)
    report(result, streams)
    guard arguments.flag("wait") else { return .ok }
    return try await HealthWait(client, result.application, revision: result.revision, streams).run(
      until: .after(.milliseconds(Int(timeout * 1000))))
  }

  static func request(for reading: ManifestReading, named name: String) -> ApplyRequest {
    let path = name == "-" ? nil : name.hasPrefix("/") ? name : ManifestFile.workingDirectory() + "/" + name
    return ApplyRequest(
      manifest: reading.source.text, path: path, workingDirectory: ManifestFile.workingDirectory(),
      clientVersion: Version.current)
  }

  static func report(_ result: ApplyResult, _ streams: StandardStreams) {
    streams.line("\(result.application) \(result.outcome.rawValue) (revision \(result.revision))")
    show(result.changes, streams)
  }

  static func show(_ changes: [ControlAPI.FieldChange], _ streams: StandardStreams) {
    for change in changes {
      let before = change.before ?? "(absent)"
      let after = change.after ?? "(absent)"
      streams.line("  \(change.path): \(before) -> \(after)  [\(change.changeClass)]")
    }
  }
}
