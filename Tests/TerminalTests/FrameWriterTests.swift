import Randomness
import Testing

@testable import Terminal

@Suite struct `What a terminal is sent for a frame` {
  private let plain = CellStyle(.rgb(1, 2, 3), on: .rgb(4, 5, 6))

  @Test func `makes it show the frame, whatever it showed before`() {
    for seed in UInt64(1)...200 {
      var random = SplitMix(seed: seed)
      var writer = FrameWriter(depth: .trueColor)
      var terminal = FakeTerminal(width: 17, height: 4)
      var frame = CellBuffer(width: 17, height: 4, style: plain)
      for step in 0..<5 {
        scribble(&frame, &random)
        terminal.take(writer.bytes(for: frame))
        #expect(terminal.screen == frame, "seed \(seed), frame \(step)")
      }
      writer.forget()
      terminal = FakeTerminal(width: 17, height: 4)
      terminal.take(writer.bytes(for: frame))
      #expect(terminal.screen == frame, "seed \(seed), drawn whole")
    }
  }

  @Test func `is nothing when nothing changed`() {
    var writer = FrameWriter(depth: .palette256)
    let frame = CellBuffer(width: 17, height: 4, style: plain)
    #expect(!writer.bytes(for: frame).isEmpty)
    #expect(writer.bytes(for: frame).isEmpty)
  }

  @Test func `names neither a colour that is in use nor cells that it can step over`() {
    var writer = FrameWriter(depth: .trueColor)
    var frame = CellBuffer(width: 60, height: 4, style: plain)
    _ = writer.bytes(for: frame)
    frame.put("7", 3, 1, plain)
    frame.put("8", 6, 1, plain)
    frame.put("9", 40, 1, plain)
    frame.put("x", 59, 2, plain.colored(.rgb(9, 9, 9)))
    #expect(sent(&writer, frame) == "^[2;4H7  8^[33C9^[3;60H^[38;2;9;9;9mx")
    frame.put("y", 0, 0, plain.colored(.rgb(9, 9, 9)).adding(.bold))
    #expect(sent(&writer, frame) == "^[1;1H^[1my")
    frame.put("z", 1, 0, plain)
    #expect(sent(&writer, frame) == "^[22;38;2;1;2;3mz")
  }

  @Test func `ends attributes of a terminal without colours as the oldest do`() {
    var writer = FrameWriter(depth: .monochrome)
    var frame = CellBuffer(width: 9, height: 1, style: CellStyle())
    _ = writer.bytes(for: frame)
    frame.put("a", 0, 0, CellStyle().adding([.bold, .underline]))
    frame.put("b", 1, 0, CellStyle().adding(.bold))
    frame.put("c", 2, 0, CellStyle())
    #expect(sent(&writer, frame) == "^[1;4ma^[0;1mb^[mc")
  }

  @Test func `has the bright colours in bold where there are but eight`() {
    var writer = FrameWriter(depth: .ansi16, isBrightBold: true)
    var frame = CellBuffer(width: 9, height: 1, style: CellStyle())
    _ = writer.bytes(for: frame)
    frame.put("a", 0, 0, CellStyle(.rgb(255, 0, 0)))
    #expect(sent(&writer, frame) == "^[1;31ma")
  }

  private func sent(_ writer: inout FrameWriter, _ frame: CellBuffer) -> String {
    String(decoding: writer.bytes(for: frame), as: UTF8.self).replacing("\u{1b}", with: "^")
  }

  private func scribble(_ buffer: inout CellBuffer, _ random: inout SplitMix) {
    let words = ["abc", "漢字", "e\u{301}", " ", "⣿⣿"]
    let attributes: [Attributes] = [[], .bold, [.dim, .underline], .reverse]
    for _ in 0..<6 {
      let style = CellStyle(
        .rgb(UInt8(random.next() % 3), 0, 0), on: random.next() % 4 == 0 ? .terminal : .rgb(4, 5, 6),
        attributes[Int(random.next() % 4)])
      buffer.put(words[Int(random.next() % 5)], Int(random.next() % 17), Int(random.next() % 4), style)
    }
  }
}

/// A terminal of 24-bit colour that knows what is sent to ours; of where its cursor is behind the last column or behind a
/// character of disputed width it lets nobody make use.
private struct FakeTerminal {
  private(set) var screen: CellBuffer
  private var cursor: (x: Int, y: Int)?
  private var style = CellStyle(.rgb(7, 7, 7), on: .terminal, .bold)

  init(width: Int, height: Int) { screen = CellBuffer(width: width, height: height) }

  mutating func take(_ bytes: [UInt8]) {
    for (index, part) in String(decoding: bytes, as: UTF8.self).split(
      separator: "\u{1b}[", omittingEmptySubsequences: false
    ).enumerated() {
      guard index > 0 else {
        put(part)
        continue
      }
      let parameters = part.prefix { $0.isASCII && ($0.isNumber || $0 == ";") }
      obey(part.dropFirst(parameters.count).first, parameters.split(separator: ";").compactMap { Int($0) })
      put(part.dropFirst(parameters.count + 1))
    }
  }

  private mutating func put(_ text: Substring) {
    for character in text {
      guard let place = cursor else {
        Issue.record("`\(character)` is written nobody knows where")
        return
      }
      let end = screen.put(String(character), place.x, place.y, style)
      let isCertain = end < screen.width && character.unicodeScalars.count == 1 && end == place.x + 1
      cursor = isCertain ? (x: end, y: place.y) : nil
    }
  }

  private mutating func obey(_ command: Character?, _ numbers: [Int]) {
    switch command {
    case "H": cursor = numbers.count == 2 ? (x: numbers[1] - 1, y: numbers[0] - 1) : (x: 0, y: 0)
    case "C":
      guard let place = cursor else {
        Issue.record("a move from nobody knows where")
        return
      }
      cursor = (x: place.x + (numbers.first ?? 1), y: place.y)
    case "J":
      #expect(style == CellStyle(), "some terminals clear in the colour in use")
      screen = CellBuffer(width: screen.width, height: screen.height)
    case "m": paint(numbers.isEmpty ? [0] : numbers)
    default: Issue.record("an unknown sequence ends with \(command.map(String.init) ?? "nothing")")
    }
  }

  private mutating func paint(_ numbers: [Int]) {
    var rest = numbers[...]
    while let code = rest.popFirst() {
      switch code {
      case 0: style = CellStyle()
      case 1: style.attributes.insert(.bold)
      case 2: style.attributes.insert(.dim)
      case 4: style.attributes.insert(.underline)
      case 7: style.attributes.insert(.reverse)
      case 22: style.attributes.subtract([.bold, .dim])
      case 24: style.attributes.remove(.underline)
      case 27: style.attributes.remove(.reverse)
      case 38: style.foreground = color(&rest)
      case 39: style.foreground = .terminal
      case 48: style.background = color(&rest)
      case 49: style.background = .terminal
      default: Issue.record("an unknown code \(code)")
      }
    }
  }

  private func color(_ rest: inout ArraySlice<Int>) -> Color {
    let numbers = (0..<4).map { _ in UInt8(rest.popFirst() ?? 0) }
    return .rgb(numbers[1], numbers[2], numbers[3])
  }
}
