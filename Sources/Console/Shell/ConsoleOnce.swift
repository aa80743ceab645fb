import Attachment
import ControlAPI
import ControlClient
import Machines
public import Platform
import Terminal

/// `--once`: one screen as text.
@Loop
public enum ConsoleOnce {
  /// Asks the controller once and prints what the console would show.
  ///
  /// - Returns: the exit code: 0, or 5 when no controller answers.
  public static func run(_ options: ConsoleOptions) async -> Int32 {
    let isUnicode = TerminalScreen.chooseLocale(options.environment)
    if options.isAttached { return await attached(options, isUnicode) }
    if let path = options.replay { return replayed(path, options, isUnicode) }
    let client = ControlClient(home: options.home)
    if options.format == .json { return await printStatus(client) }
    let installation = Installation()
    var state = ConsoleSession.initialState(options)
    let manifests = ManifestFiles(given: options.manifests, installation: installation)
    _ = state.update(.manifests(manifests.read(known: [])), at: state.now)
    var code: Int32 = 0
    do {
      let snapshot = try await client.snapshot(since: 0)
      _ = state.update(.snapshot(snapshot), at: WallClock.secondsSinceEpoch)
      await fill(&state, from: client)
    } catch {
      _ = state.update(.lost(error), at: WallClock.secondsSinceEpoch)
      code = error.exitCode
      if state.screen == .nodes {
        let watch = MachineWatch(exporters: options.exporters)
        await watch.readTwice(until: .after(ConsoleSession.deviceTime))
        _ = state.update(.machines(watch.machines), at: WallClock.secondsSinceEpoch)
      }
    }
    StandardOutput.write(frame(state, options, installation, isUnicode))
    return code
  }

  /// What the screen asks the controller for beyond the snapshot.
  private static func fill(_ state: inout ConsoleState, from client: ControlClient) async {
    for effect in state.update(.tick, at: WallClock.secondsSinceEpoch) {
      switch effect {
      case .lookInto(let name):
        if let look = try? await client.insight(of: name) {
          _ = state.update(.insight(application: name, .success(look)), at: WallClock.secondsSinceEpoch)
        }
      case .readLogs(let name, let replica, _):
        if let page = try? await client.logs(application: name, replica: replica, tail: 200) {
          _ = state.update(.logs(page), at: WallClock.secondsSinceEpoch)
        }
      default: break
      }
    }
  }

  /// The end of a recording.
  private static func replayed(_ path: String, _ options: ConsoleOptions, _ isUnicode: Bool) -> Int32 {
    switch TextFile.read(path, largest: 1 << 30).flatMap(RecordingFile.read) {
    case .failure(let problem):
      StandardOutput.write("\(path): \(problem.text)\n")
      return 1
    case .success(let lines):
      var state = ConsoleSession.initialState(options)
      state.load(lines)
      state.goLive()
      state.play()
      if options.format == .json, let status = state.shown.status {
        StandardOutput.write(String(decoding: Attachment.json(status), as: UTF8.self) + "\n")
      } else {
        StandardOutput.write(frame(state, options, Installation(), isUnicode))
      }
      return 0
    }
  }

  /// Reads the pages as often as true rates take.
  ///
  /// - Returns: the exit code: 0, or 5 when no engine is known by a reading of now.
  private static func attached(_ options: ConsoleOptions, _ isUnicode: Bool) async -> Int32 {
    let attachment = Attachment(options)
    var state = ConsoleSession.initialState(options)
    let window = Double(state.window.rawValue)
    var last: Status?
    for round in 0..<attachment.readsForRates {
      if round > 0 { await Loop.sleep(for: .seconds(1)) }
      let snapshot = await attachment.read(over: window)
      _ = state.update(.snapshot(snapshot), at: WallClock.secondsSinceEpoch)
      last = snapshot.status
    }
    if let name = state.applicationName {
      let look = attachment.insight(over: window)
      _ = state.update(.insight(application: name, .success(look)), at: WallClock.secondsSinceEpoch)
    }
    if options.format == .json, let last {
      StandardOutput.write(String(decoding: Attachment.json(last), as: UTF8.self) + "\n")
    } else {
      StandardOutput.write(frame(state, options, Installation(), isUnicode))
    }
    let isAnyRead = last?.applications.contains {
      $0.deployments.contains { $0.replicas.contains { !$0.stale } }
    }
    return isAnyRead == true ? 0 : 5
  }

  private static func frame(
    _ state: ConsoleState, _ options: ConsoleOptions, _ installation: Installation, _ isUnicode: Bool
  ) -> String {
    let claimed = ColorWish.claimed(environment: options.environment)
    let depth: ColorDepth =
      switch options.format {
      case .ansi: options.colors.depth(available: claimed, environment: options.environment)
      case .svg: .trueColor
      case .text, .json: .monochrome
      }
    let themes = ThemeFiles(installation: installation, environment: options.environment)
    let theme = Theme(themes.read(options.theme ?? ThemeFiles.names[0]) ?? ThemeFile(""), depth: depth)
    let glyphs = ConsoleSession.glyphs(options, isUnicode: isUnicode)
    let frame = ConsoleRenderer.render(state, theme: theme, glyphs: glyphs)
    return switch options.format {
    case .ansi: frame.ansi(depth: depth)
    case .svg: frame.svg(background: theme.text.background, foreground: theme.text.foreground)
    case .text, .json: frame.text + "\n"
    }
  }

  private static func printStatus(_ client: ControlClient) async -> Int32 {
    do {
      StandardOutput.write(String(decoding: try await client.statusJSON(), as: UTF8.self) + "\n")
      return 0
    } catch {
      let message = error.message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      StandardOutput.write("{\"kind\":\"Error\",\"code\":\"\(error.code)\",\"message\":\"\(message)\"}\n")
      return error.exitCode
    }
  }

}
