import Testing

@testable import dpdeploy

@Suite struct `The controller's unit` {
  @Test func `has the user's controller run in their home, tell its state, and leave what it runs`() {
    let text = DaemonUnit(scope: .user, program: "/opt/a b/dpdeployd", home: "/home/u/50%").text
    let lines = text.split(separator: "\n").map(String.init)
    for line in [
      #"ExecStart="/opt/a b/dpdeployd" --foreground --home "/home/u/50%%""#, "Type=notify",
      "KillMode=process",
      "Delegate=yes", "WatchdogSec=30", "WantedBy=default.target",
    ] { #expect(lines.contains(line), "\(text)") }
    #expect(!text.contains("StateDirectory"))
  }

  @Test func `has the machine's controller keep its state under var, for a group to look at`() {
    let text = DaemonUnit(
      scope: .system(group: "ml"), program: "/usr/bin/dpdeployd", home: DaemonUnit.systemHome
    ).text
    #expect(
      text.contains("ExecStart=/usr/bin/dpdeployd --foreground --home /var/lib/dpdeploy --group ml\n"))
    #expect(text.contains("StateDirectory=dpdeploy\nStateDirectoryMode=0710\n\n[Install]"))
    #expect(text.contains("WantedBy=multi-user.target\n"))
  }

  @Test func `goes where systemd looks for it`() {
    func folder(_ variables: [String: String]) -> String? {
      DaemonUnit.folder(.user) { variables[$0] }
    }
    #expect(folder(["HOME": "/home/u"]) == "/home/u/.config/systemd/user")
    #expect(folder(["HOME": "/home/u", "XDG_CONFIG_HOME": "/c"]) == "/c/systemd/user")
    #expect(folder([:]) == nil)
    #expect(DaemonUnit.folder(.system(group: nil)) { _ in nil } == "/etc/systemd/system")
  }
}
