/// Turns a terminal's bytes into keys, mouse, paste and focus events.
///
/// Pure and total: any bytes, cut anywhere, give the same events; memory is bounded. Understood are UTF-8, CSI and SS3
/// keys of xterm, rxvt, the Linux console and tmux, SGR (1006) and X10 mouse reports, bracketed paste (2004) and focus
/// (1004); answers of the terminal (OSC, DCS) are skipped.
public struct InputDecoder: Sendable {
  private enum State: Sendable, Hashable {
    case ground
    case utf8(bytes: [UInt8], missing: Int)
    case escape
    case controlSequence
    case singleShift
    case x10Mouse
    case linuxFunction
    case string(isEscaped: Bool)
    case paste
  }

  /// The most bytes of a control sequence; longer ones are noise.
  private static let longestSequence = 64
  /// The most bytes kept of a paste.
  private static let longestPaste = 1 << 16
  private static let pasteEnd = Array("\u{1b}[201~".utf8)

  private var state = State.ground
  private var bytes: [UInt8] = []
  private var alt = false
  /// The last bytes of a paste, which may be its end.
  private var tail: [UInt8] = []

  /// Waits for the first byte.
  public init() {}

  /// Whether an escape key or the start of a sequence is held back: call ``flush()`` when nothing follows for 25 ms.
  public var isPending: Bool { state == .escape }

  /// Decodes what has come.
  public mutating func decode(_ input: some Sequence<UInt8>) -> [InputEvent] {
    var events: [InputEvent] = []
    for byte in input { take(byte, &events) }
    return events
  }

  /// Nothing follows: a lone escape is the key of that name.
  public mutating func flush() -> [InputEvent] {
    guard state == .escape else { return [] }
    defer { abandon() }
    return Array(repeating: .key(.escape, []), count: alt ? 2 : 1)
  }

  private mutating func take(_ byte: UInt8, _ events: inout [InputEvent]) {
    switch state {
    case .ground: takeGround(byte, &events)
    case .utf8(let bytes, let missing): takeUTF8(byte, bytes, missing, &events)
    case .escape: takeEscape(byte, &events)
    case .controlSequence: takeSequence(byte, &events)
    case .singleShift: takeSingleShift(byte, &events)
    case .x10Mouse: takeX10(byte, &events)
    case .linuxFunction: takeLinuxFunction(byte, &events)
    case .string(let isEscaped): takeString(byte, isEscaped)
    case .paste: takePaste(byte, &events)
    }
  }

  private mutating func emit(_ key: Key, _ modifiers: Modifiers, _ events: inout [InputEvent]) {
    events.append(.key(key, alt ? modifiers.union(.alt) : modifiers))
    alt = false
    state = .ground
  }

  private mutating func abandon() {
    state = .ground
    alt = false
    bytes.removeAll(keepingCapacity: true)
  }

  private mutating func takeGround(_ byte: UInt8, _ events: inout [InputEvent]) {
    switch byte {
    case 0x1b: state = .escape
    case 0x09: emit(.tab, [], &events)
    case 0x0a, 0x0d: emit(.enter, [], &events)
    case 0x08, 0x7f: emit(.backspace, [], &events)
    case 0x00: emit(.character(" "), .control, &events)
    case 0x01...0x1a: emit(.character(Character(Unicode.Scalar(byte + 0x60))), .control, &events)
    case 0x1c...0x1f: emit(.character(Character(Unicode.Scalar(byte + 0x40))), .control, &events)
    case 0x20..<0x7f: emit(.character(Character(Unicode.Scalar(byte))), [], &events)
    case 0xc2...0xdf: state = .utf8(bytes: [byte], missing: 1)
    case 0xe0...0xef: state = .utf8(bytes: [byte], missing: 2)
    case 0xf0...0xf4: state = .utf8(bytes: [byte], missing: 3)
    default: abandon()
    }
  }

  private mutating func takeUTF8(
    _ byte: UInt8, _ bytes: [UInt8], _ missing: Int, _ events: inout [InputEvent]
  ) {
    guard byte & 0xc0 == 0x80 else {
      abandon()
      takeGround(byte, &events)
      return
    }
    let bytes = bytes + [byte]
    guard missing == 1 else {
      state = .utf8(bytes: bytes, missing: missing - 1)
      return
    }
    if let text = String(validating: bytes, as: UTF8.self), let character = text.first {
      emit(.character(character), [], &events)
    } else {
      abandon()
    }
  }

  private mutating func takeEscape(_ byte: UInt8, _ events: inout [InputEvent]) {
    bytes.removeAll(keepingCapacity: true)
    switch byte {
    case 0x1b:
      // Two escapes may start an Alt sequence of rxvt; a third says that the first was a key.
      if alt { events.append(.key(.escape, [])) }
      alt = true
    case UInt8(ascii: "["): state = .controlSequence
    case UInt8(ascii: "O"): state = .singleShift
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"):
      state = .string(isEscaped: false)
    default:
      alt = true
      state = .ground
      takeGround(byte, &events)
    }
  }

  private mutating func takeSingleShift(_ byte: UInt8, _ events: inout [InputEvent]) {
    if let key = ControlSequence.key(final: byte) { emit(key, [], &events) } else { abandon() }
  }

  private mutating func takeLinuxFunction(_ byte: UInt8, _ events: inout [InputEvent]) {
    guard (UInt8(ascii: "A")...UInt8(ascii: "E")).contains(byte) else { return abandon() }
    emit(.function(Int(byte - UInt8(ascii: "A")) + 1), [], &events)
  }

  private mutating func takeX10(_ byte: UInt8, _ events: inout [InputEvent]) {
    bytes.append(byte)
    guard bytes.count == 3 else { return }
    let values = bytes.map { Int($0) - 32 }
    if let event = ControlSequence.mouse(values[0], values[1], values[2], isRelease: values[0] & 3 == 3) {
      events.append(.mouse(event))
    }
    abandon()
  }

  private mutating func takeString(_ byte: UInt8, _ isEscaped: Bool) {
    // Controls other than escape cannot stand in a string, so a cut answer does not swallow what is typed after it.
    if isEscaped || byte == 0x07 || (byte < 0x20 && byte != 0x1b) {
      abandon()
    } else {
      state = .string(isEscaped: byte == 0x1b)
    }
  }

  private mutating func takePaste(_ byte: UInt8, _ events: inout [InputEvent]) {
    tail.append(byte)
    if tail == Self.pasteEnd {
      events.append(.paste(String(decoding: bytes, as: UTF8.self)))
      tail.removeAll()
      abandon()
    }
    while !Self.pasteEnd.starts(with: tail) {
      let first = tail.removeFirst()
      if bytes.count < Self.longestPaste { bytes.append(first) }
    }
  }

  private mutating func takeSequence(_ byte: UInt8, _ events: inout [InputEvent]) {
    switch byte {
    case 0x20..<0x40 where bytes.count < Self.longestSequence: bytes.append(byte)
    case UInt8(ascii: "M") where bytes.isEmpty: state = .x10Mouse
    case UInt8(ascii: "[") where bytes.isEmpty: state = .linuxFunction
    case 0x40..<0x7f: finishSequence(byte, &events)
    case 0x1b:
      abandon()
      state = .escape
    default: abandon()
    }
  }

  private mutating func finishSequence(_ final: UInt8, _ events: inout [InputEvent]) {
    let sequence = ControlSequence(parameters: bytes, final: final)
    let hadAlt = alt
    abandon()
    if sequence.startsPaste {
      state = .paste
    } else if case .key(let key, let modifiers) = sequence.event {
      events.append(.key(key, hadAlt ? modifiers.union(.alt) : modifiers))
    } else if let event = sequence.event {
      events.append(event)
    }
  }
}
