import Randomness
import Terminal
import Testing

@Suite struct `The input decoder` {
  @Test(arguments: [
    ("a", [InputEvent.key(.character("a"), [])]),
    ("é漢", [.key(.character("é"), []), .key(.character("漢"), [])]),
    ("\r\t\u{7f}", [.key(.enter, []), .key(.tab, []), .key(.backspace, [])]),
    ("\u{3}\u{12}", [.key(.character("c"), .control), .key(.character("r"), .control)]),
    ("\u{1b}[A\u{1b}OB", [.key(.up, []), .key(.down, [])]),
    ("\u{1b}[1;5C\u{1b}[1;2D", [.key(.right, .control), .key(.left, .shift)]),
    (
      "\u{1b}[5~\u{1b}[6~\u{1b}[H\u{1b}[4~",
      [.key(.pageUp, []), .key(.pageDown, []), .key(.home, []), .key(.end, [])]
    ),
    ("\u{1b}[Z\u{1b}[3;5~", [.key(.tab, .shift), .key(.delete, .control)]),
    (
      "\u{1b}OP\u{1b}[15~\u{1b}[24~\u{1b}[[C",
      [
        .key(.function(1), []), .key(.function(5), []), .key(.function(12), []), .key(.function(3), []),
      ]
    ),
    ("\u{1b}x\u{1b}\u{1b}[A", [.key(.character("x"), .alt), .key(.up, .alt)]),
    ("\u{1b}[I\u{1b}[O", [.focus(true), .focus(false)]),
  ])
  func `reads keys of every dialect`(bytes: String, events: [InputEvent]) {
    var decoder = InputDecoder()
    #expect(decoder.decode(bytes.utf8) == events)
  }

  @Test func `reads SGR mouse reports beyond column 223`() {
    var decoder = InputDecoder()
    let events = decoder.decode("\u{1b}[<0;240;7M\u{1b}[<0;240;7m\u{1b}[<65;3;4M\u{1b}[<36;2;2M".utf8)
    #expect(
      events == [
        .mouse(MouseEvent(action: .press(0), x: 239, y: 6, modifiers: [])),
        .mouse(MouseEvent(action: .release(0), x: 239, y: 6, modifiers: [])),
        .mouse(MouseEvent(action: .wheelDown, x: 2, y: 3, modifiers: [])),
        .mouse(MouseEvent(action: .drag(0), x: 1, y: 1, modifiers: .shift)),
      ])
  }

  @Test func `reads X10 mouse reports without taking their bytes for keys`() {
    var decoder = InputDecoder()
    let events = decoder.decode("\u{1b}[M !\"q".utf8)
    #expect(
      events == [
        .mouse(MouseEvent(action: .press(0), x: 0, y: 1, modifiers: [])), .key(.character("q"), []),
      ])
  }

  @Test func `hands a paste over as text, commands and escapes in it included`() {
    var decoder = InputDecoder()
    let events = decoder.decode("\u{1b}[200~q\u{1b}[Dé\r\u{1b}[201~j".utf8)
    #expect(events == [.paste("q\u{1b}[Dé\r"), .key(.character("j"), [])])
  }

  @Test func `takes a lone escape for the key once nothing follows`() {
    var decoder = InputDecoder()
    let first = decoder.decode([0x1b])
    #expect(first.isEmpty && decoder.isPending)
    let second = decoder.flush()
    #expect(second == [.key(.escape, [])] && !decoder.isPending)
    #expect(decoder.decode([0x1b, 0x1b]).isEmpty)
    #expect(decoder.flush() == [.key(.escape, []), .key(.escape, [])])
    #expect(decoder.decode("q".utf8) == [.key(.character("q"), [])])
  }

  @Test func `skips a terminal's answers and goes on after them`() {
    var decoder = InputDecoder()
    let events = decoder.decode("\u{1b}]11;rgb:0/0/0\u{7}a\u{1b}P1$r0m\u{1b}\\b\u{1b}[?62;4cc".utf8)
    #expect(events == [.key(.character("a"), []), .key(.character("b"), []), .key(.character("c"), [])])
  }

  @Test func `drops bytes that are no UTF-8 and an endless sequence`() {
    var decoder = InputDecoder()
    #expect(decoder.decode([0xff, 0xc3, 0x41, 0xf0, 0x9f]) == [.key(.character("A"), [])])
    #expect(decoder.decode("x".utf8) == [.key(.character("x"), [])])
    let endless = "\u{1b}[" + String(repeating: "1", count: 500) + "Ay"
    #expect(decoder.decode(endless.utf8).last == .key(.character("y"), []))
  }

  @Test func `gives the same events however the bytes are cut`() {
    for seed in UInt64(1)...300 {
      var random = SplitMix(seed: seed)
      let bytes = noise(&random)
      var whole = InputDecoder()
      var cut = InputDecoder()
      let expected = whole.decode(bytes) + whole.flush()
      var events: [InputEvent] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int(random.next() % 7) + 1)
        events += cut.decode(piece)
        rest = rest.dropFirst(piece.count)
      }
      events += cut.flush()
      #expect(events == expected, "seed \(seed)")
    }
  }

  /// Bytes as a broken terminal may send them: pieces of sequences, mixed with anything.
  private func noise(_ random: inout SplitMix) -> [UInt8] {
    let pieces = [
      "\u{1b}", "\u{1b}[", "\u{1b}[<", "\u{1b}O", "1;5", "A", "~", "200~", "\u{1b}[201~", "M", "é", "\u{1b}]",
      "\u{7}",
    ]
    return (0..<400).flatMap { _ -> [UInt8] in
      random.next() % 3 == 0
        ? [UInt8(truncatingIfNeeded: random.next())]
        : Array(pieces[Int(random.next() % UInt64(pieces.count))].utf8)
    }
  }
}
