import Attachment
import ControlAPI
import ControlClient
import Glibc
import Machines
public import Platform
public import Terminal

/// The console at work: carries input, time and the controller's answers to ``ConsoleState``, and its wishes out.
///
/// Nothing here waits for the controller where a key could come: every call is a task of its own, with a deadline.
@Loop
public final class ConsoleSession {
  let options: ConsoleOptions
  var state: ConsoleState
  let screen: TerminalScreen
  let glyphs: GlyphSet
  private let themes: ThemeFiles
  private var themeName: String
  private(set) var theme: Theme
  private let manifests: ManifestFiles
  var recorder: Recorder?
  /// The pages that are watched in place of a controller; none where there is one.
  lazy var attachment = Attachment(options)
  private(set) lazy var alertCommand = options.alerts.command.map { line in
    AlertCommand(line) { [unowned self] in take(.failed($0)) }
  }
  /// This machine.
  lazy var machineWatch = MachineWatch(exporters: options.exporters)
  /// How long a device may take to answer for the first time; a driver that nothing keeps awake starts slowly.
  static let deviceTime = Duration.seconds(15)
  private let ended = Signal()
  private var exitCode: Int32 = 0
  private var drawnAt: Instant = .now

  /// Signals to block before the first thread starts, so that they reach the loop.
  public nonisolated static let signals = [
    SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT,
  ]

  /// Opens the terminal.
  public init(_ options: ConsoleOptions) throws(ScreenError) {
    self.options = options
    screen = try TerminalScreen(wish: options.colors, mouse: options.mouse, environment: options.environment)
    let installation = Installation()
    themes = ThemeFiles(installation: installation, environment: options.environment)
    manifests = ManifestFiles(given: options.manifests, installation: installation)
    glyphs = Self.glyphs(options, isUnicode: screen.isUnicode)
    let wanted = options.theme ?? ThemeFiles.names[0]
    let file = themes.read(wanted)
    themeName = wanted
    theme = Theme(file ?? ThemeFile(""), depth: screen.depth)
    state = Self.initialState(options)
    if file == nil { state.say("there is no theme `\(wanted)`", .warning) }
    if let path = options.record { toggleRecording(path) }
  }

  /// Runs until the user or a signal ends it; returns the exit code.
  public func run() async -> Int32 {
    draw()
    take(.manifests(manifests.read(known: [])))
    let tasks = [
      Loop.task { await self.readInput() }, Loop.task { await self.readSignals() },
      Loop.task { await self.watch() }, Loop.task { await self.tick() },
    ]
    _ = await ended.wait(until: .never)
    for task in tasks { task.cancel() }
    recorder?.close()
    screen.leave()
    Farewell.say(state, options)
    return exitCode
  }

  static func initialState(_ options: ConsoleOptions) -> ConsoleState {
    let window = WindowSize(of: STDOUT_FILENO)
    var state = ConsoleState(
      now: WallClock.secondsSinceEpoch, utcOffset: utcOffset(),
      width: options.size?.columns ?? window?.columns ?? 80,
      height: options.size?.rows ?? window?.rows ?? 24, isMouseOn: options.mouse)
    if options.manifests.count == 1 { state.screen = .manifest }
    if let screen = options.screen { state.screen = screen }
    state.isReadOnly = options.readOnly
    state.alertBook = options.replay == nil ? options.alerts.book : nil
    let (keymap, problems) = options.keymap()
    state.keymap = keymap
    if let first = problems.first { state.say("\(options.keysFile): \(first)", .warning) }
    if options.isAttached, options.screen == nil { state.screen = .overview }
    return state
  }

  static func glyphs(_ options: ConsoleOptions, isUnicode: Bool) -> GlyphSet {
    guard isUnicode, !TerminalProfile.isPlain(options.environment("TERM") ?? "") else { return .ascii }
    return switch options.graphs {
    case .braille: .braille
    case .block: .blocks
    case .ascii: .ascii
    }
  }

  private static func utcOffset() -> Int {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return parts.tm_gmtoff
  }

  private func draw() {
    screen.draw(ConsoleRenderer.render(state, theme: theme, glyphs: glyphs))
    drawnAt = .now
  }

  func take(_ event: ConsoleEvent) {
    recorder?.note(event)
    handle(event)
    if !ended.isFired { draw() }
  }

  private func handle(_ event: ConsoleEvent) {
    for effect in state.update(event, at: WallClock.secondsSinceEpoch) { perform(effect) }
  }

  private func perform(_ effect: ConsoleEffect) {
    switch effect {
    case .quit: ended.fire()
    case .repaint: screen.repaint()
    case .suspend: suspend()
    case .setMouse(let isOn): screen.setMouse(isOn)
    case .nextTheme: nextTheme()
    case .setTheme(let name): setTheme(name)
    case .snapshot: saveScreen()
    case .copy(let text): copy(text)
    case .alert(let alert): tell(alert)
    case .toggleRecording(let path): toggleRecording(path)
    case .cordon(let request, let name): change { await self.cordon(request, name) }
    case .scale(let request, let name): change { await self.scale(request, name) }
    case .readManifests: readManifests()
    case .plan(let path, let text): ask { await self.plan(path, text) }
    case .readRevisions(let application): ask { await self.readRevisions(application) }
    case .lookInto(let application): Loop.task { await self.lookInto(application) }
    case .readLogs(let application, let replica, let cursor):
      ask { await self.readLogs(application, replica, cursor) }
    case .save(let name, let text): save(name, text)
    case .rollBack(let name, let revision): change { await self.rollBack(name, revision) }
    case .apply(let path): change { await self.apply(path) }
    case .proposeFix(let fix, let path, let name): change { await self.propose(fix, path, name) }
    case .applyFix(let proposal): change { await self.apply(proposal) }
    case .delete(let name): change { await self.delete(name) }
    case .restart(let replica, let application): change { await self.restart(replica, application) }
    }
  }

  private func change(_ action: @escaping @Loop () async -> Void) {
    guard !options.isAttached else {
      return state.say("attached, without a controller: nothing can be changed from here", .warning)
    }
    Loop.task { await action() }
  }

  /// Looks something up; nobody can be asked when there is no controller.
  private func ask(_ action: @escaping @Loop () async -> Void) {
    if !options.isAttached { Task { await action() } }
  }

  private func save(_ name: String, _ text: String) {
    switch TextFile.write(text, to: name) {
    case nil: state.say("saved as \(name)", .info)
    case let problem?: state.say("\(name) cannot be written: \(problem.text)", .error)
    }
  }

  private func readManifests() {
    let entries = manifests.read(known: state.manifests)
    guard entries != state.manifests || !state.hasManifests else { return }
    _ = state.update(.manifests(entries), at: WallClock.secondsSinceEpoch)
  }

  private func nextTheme() {
    let index = ThemeFiles.names.firstIndex(of: themeName) ?? -1
    setTheme(ThemeFiles.names[(index + 1) % ThemeFiles.names.count])
  }

  private func setTheme(_ name: String) {
    guard let file = themes.read(name) else { return state.say("there is no theme `\(name)`", .warning) }
    themeName = name
    theme = Theme(file, depth: screen.depth)
    state.say("theme \(themeName)", .info)
    screen.repaint()
  }

  private func suspend() {
    screen.leave()
    kill(getpid(), SIGSTOP)
  }

  /// Takes the terminal again, whoever had it meanwhile: whoever stopped us without asking first left it in our modes.
  private func resume() {
    screen.enter()
    resize()
  }

  private func resize() {
    guard options.size == nil, let size = WindowSize(of: STDOUT_FILENO) else { return }
    take(.resized(width: size.columns, height: size.rows))
  }

  private func readInput() async {
    guard let input = try? TerminalInput() else { return ended.fire() }
    while let events = await input.next(), !ended.isFired {
      for event in events.dropLast() {
        handle(.input(event))
      }
      if let last = events.last { take(.input(last)) }
    }
    ended.fire()
  }

  private func readSignals() async {
    guard let signals = try? Signals(Self.signals) else { return }
    while let signal = await signals.next(), !ended.isFired {
      switch signal {
      case SIGWINCH: resize()
      case SIGTSTP: suspend()
      case SIGCONT: resume()
      default:
        exitCode = 128 + signal
        ended.fire()
      }
    }
  }

  private func tick() async {
    while !ended.isFired {
      await Loop.sleep(for: .seconds(1))
      guard !ended.isFired else { return }
      handle(.tick)
      // Where something is drawn every second anyway, no frame is drawn for the clock alone.
      if !ended.isFired, Instant.now - drawnAt > .milliseconds(900) { draw() }
    }
  }
}
