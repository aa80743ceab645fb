/// The controller as a service of systemd: its unit, and where that goes.
struct DaemonUnit: Equatable {
  /// Whose service it is.
  enum Scope: Equatable {
    /// The user's, run by their own service manager.
    case user
    /// The machine's; the members of the group may look, and root alone may change something.
    case system(group: String?)
  }

  static let fileName = "dpdeployd.service"
  /// Where the machine's service keeps its state.
  static let systemHome = "/var/lib/dpdeploy"

  var scope: Scope
  /// The path of `dpdeployd`.
  var program: String
  /// The home directory; nil leaves it to the environment of the service.
  var home: String?

  /// The folder that systemd reads such units from.
  ///
  /// - Returns: nil for a user of whom no home is known.
  static func folder(_ scope: Scope, environment: (String) -> String?) -> String? {
    guard case .user = scope else { return "/etc/systemd/system" }
    func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    return (value("XDG_CONFIG_HOME") ?? value("HOME").map { $0 + "/.config" }).map { $0 + "/systemd/user" }
  }

  /// The unit's text.
  ///
  /// `KillMode=process`: what the controller runs goes on when it ends. `Delegate`: it makes a control group for each
  /// process.
  var text: String {
    """
    [Unit]
    Description=dpdeploy's controller
    Documentation=man:dpdeployd(1)

    [Service]
    Type=notify
    ExecStart=\(command.map(Self.quoted).joined(separator: " "))
    KillMode=process
    Delegate=yes
    Restart=on-failure
    RestartSec=1
    WatchdogSec=30
    LimitNOFILE=65536
    TasksMax=infinity
    \(state)
    [Install]
    WantedBy=\(scope == .user ? "default.target" : "multi-user.target")

    """
  }

  private var command: [String] {
    var words = [program, "--foreground"]
    if let home { words += ["--home", home] }
    if case .system(let group?) = scope { words += ["--group", group] }
    return words
  }

  private var state: String {
    guard case .system = scope, home == Self.systemHome else { return "" }
    return "StateDirectory=dpdeploy\nStateDirectoryMode=0710\n"
  }

  /// A word as `ExecStart=` reads it.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard !plain else { return word }
    let escapes: [Character: String] = ["\\": "\\\\", "\"": "\\\"", "%": "%%", "$": "$$", "\n": "\\n"]
    return "\"" + word.map { escapes[$0] ?? String($0) }.joined() + "\""
  }
}
