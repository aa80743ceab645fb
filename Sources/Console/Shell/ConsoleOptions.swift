public import Attachment
public import ControlAPI
public import Terminal

/// How the console is to run.
public struct ConsoleOptions: Sendable {
  /// What `--once` prints.
  public enum Format: String, Sendable, CaseIterable {
    /// Characters alone.
    case text
    /// With colours as escape sequences.
    case ansi
    /// The controller's status, as `dpdeploy status --json` prints it.
    case json
    /// A picture.
    case svg
  }

  /// Manifests to show; none shows those of the folder and the bundled ones.
  public var manifests: [String] = []
  /// Metrics pages to watch in place of a controller; with any, nothing can be changed.
  public var attached: [String] = []
  /// A Prometheus server whose engines to watch in place of a controller.
  public var prometheus: PrometheusServer?
  /// Metrics pages of exporters of NVIDIA's data centre GPU manager.
  public var exporters: [String] = []
  /// Print one screen and end.
  public var once = false
  /// What to print then.
  public var format = Format.text
  /// The screen to begin with; nil takes what suits what is there.
  public var screen: ScreenKind?
  /// Refuse everything that changes something.
  public var readOnly = false
  /// A file to record to.
  public var record: String?
  /// A recording to look at, in place of a controller.
  public var replay: String?
  /// The size to draw in; nil takes the window's, or 80 × 24 where there is none.
  public var size: (columns: Int, rows: Int)?
  /// How much colour.
  public var colors = ColorWish.auto
  /// A theme's name or file; nil takes ours.
  public var theme: String?
  /// What charts and frames are drawn with.
  public enum Graphs: String, Sendable, CaseIterable {
    /// Braille, two samples a cell.
    case braille
    /// Eighth blocks, for fonts without Braille.
    case block
    /// ASCII alone.
    case ascii
  }

  /// What charts and frames are drawn with, where the terminal can show it.
  public var graphs = Graphs.braille
  /// Have the mouse reported.
  public var mouse = true
  /// How to tell somebody who does not look.
  public var alerts = AlertOptions()
  /// Whose controller is watched.
  public var home: HomeDirectory
  /// How the user called us, for hints on how to come back.
  public var program = "dptop"
  /// Reads an environment variable.
  public var environment: @Sendable (_ name: String) -> String?

  /// Whether engines are watched without a controller.
  var isAttached: Bool { !attached.isEmpty || prometheus != nil }

  /// Our keys with those of the user's file, and what in it cannot be read.
  public func keymap() -> (keymap: Keymap, problems: [String]) {
    var keymap = Keymap.standard
    guard case .success(let text) = TextFile.read(keysFile) else { return (keymap, []) }
    let problems = keymap.read(text)
    return (keymap, problems)
  }

  /// Where the user's keys are.
  var keysFile: String {
    if let path = environment("DPTOP_KEYS"), !path.isEmpty { return path }
    let config = environment("XDG_CONFIG_HOME").flatMap { $0.isEmpty ? nil : $0 }
    return (config ?? (environment("HOME") ?? "") + "/.config") + "/dpdeploy/keys"
  }

  /// Runs with everything as it is by default.
  public init(home: HomeDirectory, environment: @escaping @Sendable (_ name: String) -> String?) {
    self.home = home
    self.environment = environment
  }
}
