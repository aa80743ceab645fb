import Testing

@testable import Terminal

@Suite struct `A message on the desktop` {
  @Test func `is passed on by tmux`() {
    #expect(DesktopNotification.sequence("a b", inTmux: false) == "\u{1b}]9;a b\u{07}")
    #expect(
      DesktopNotification.sequence("a b", inTmux: true) == "\u{1b}Ptmux;\u{1b}\u{1b}]9;a b\u{07}\u{1b}\\")
  }

  @Test func `holds nothing that would end it or command the terminal`() {
    let text = DesktopNotification.sequence(
      "a\u{07}\u{1b}[2J\u{9c}b\n" + String(repeating: "c", count: 900), inTmux: false)
    #expect(text.hasPrefix("\u{1b}]9;a[2Jbccc") && text.unicodeScalars.count < 300)
  }
}
