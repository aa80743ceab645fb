/// A complete CSI sequence of a terminal's input.
struct ControlSequence {
  private let final: UInt8
  private let isPrivate: Bool
  private let numbers: [Int]

  init(parameters: [UInt8], final: UInt8) {
    self.final = final
    isPrivate = parameters.first.map { (0x3c...0x3f).contains($0) } ?? false
    let digits = isPrivate ? parameters.dropFirst() : parameters[...]
    guard !digits.isEmpty else {
      numbers = []
      return
    }
    numbers = digits.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { part in
      // Behind a colon are sub-parameters, which say nothing that we use.
      Int(String(decoding: part.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)) ?? 0
    }
  }

  var startsPaste: Bool { final == UInt8(ascii: "~") && numbers.first == 200 && !isPrivate }

  var event: InputEvent? {
    if isPrivate { return mouseEvent.map(InputEvent.mouse) }
    switch final {
    case UInt8(ascii: "~"): return tildeKey.map { .key($0, modifiers) }
    case UInt8(ascii: "I") where numbers.isEmpty: return .focus(true)
    case UInt8(ascii: "O") where numbers.isEmpty: return .focus(false)
    case UInt8(ascii: "Z"): return .key(.tab, .shift)
    default: return Self.key(final: final).map { .key($0, modifiers) }
    }
  }

  /// The key of a final letter, the same after CSI and SS3.
  static func key(final: UInt8) -> Key? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "M"): .enter
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(final - UInt8(ascii: "P")) + 1)
    default: nil
    }
  }

  /// A mouse report: xterm's button bits and a position from 1.
  static func mouse(_ code: Int, _ x: Int, _ y: Int, isRelease: Bool) -> MouseEvent? {
    guard code >= 0, x >= 1, y >= 1 else { return nil }
    let modifiers = Modifiers(rawValue: UInt8(code >> 2 & 7))
    let button = code & 3
    let action: MouseEvent.Action
    if code & 64 != 0 {
      guard button < 2 else { return nil }
      action = button == 0 ? .wheelUp : .wheelDown
    } else if code & 32 != 0 {
      action = button == 3 ? .move : .drag(button)
    } else {
      action = isRelease ? .release(button) : .press(button)
    }
    return MouseEvent(action: action, x: x - 1, y: y - 1, modifiers: modifiers)
  }

  private var mouseEvent: MouseEvent? {
    guard numbers.count == 3, final == UInt8(ascii: "M") || final == UInt8(ascii: "m") else { return nil }
    return Self.mouse(numbers[0], numbers[1], numbers[2], isRelease: final == UInt8(ascii: "m"))
  }

  private var modifiers: Modifiers {
    guard numbers.count >= 2, numbers[1] > 1, numbers[1] <= 8 else { return [] }
    return Modifiers(rawValue: UInt8(numbers[1] - 1))
  }

  private var tildeKey: Key? {
    switch numbers.first {
    case 1, 7: .home
    case 2: .insert
    case 3: .delete
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case .some(let code) where (11...15).contains(code): .function(code - 10)
    case .some(let code) where (17...21).contains(code): .function(code - 11)
    case .some(let code) where (23...24).contains(code): .function(code - 12)
    default: nil
    }
  }
}
