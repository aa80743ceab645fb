/// A colour as a theme names it; how near a terminal comes is up to its ``ColorDepth``.
public enum Color: Sendable, Hashable {
  /// Whatever the terminal uses by itself.
  case terminal
  /// Red, green and blue of sRGB.
  case rgb(UInt8, UInt8, UInt8)

  /// Reads `#RRGGBB`, `#GG` (a grey) or `R G B` in decimal; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let text = String(text)
    if text.hasPrefix("#") {
      let digits = text.dropFirst()
      guard let value = UInt32(digits, radix: 16), !digits.hasPrefix("+") else { return nil }
      switch digits.utf8.count {
      case 2: self = .rgb(UInt8(value), UInt8(value), UInt8(value))
      case 6:
        self = .rgb(
          UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255))
      default: return nil
      }
    } else {
      let parts = text.split(separator: " ").compactMap { UInt8($0) }
      guard parts.count == 3, text.split(separator: " ").count == 3 else { return nil }
      self = .rgb(parts[0], parts[1], parts[2])
    }
  }

  /// The colour `share` of the way from this one to another; the terminal's own colour does not mix.
  public func mixed(with other: Color, _ share: Double) -> Color {
    guard case .rgb(let r0, let g0, let b0) = self, case .rgb(let r1, let g1, let b1) = other else {
      return share < 0.5 ? self : other
    }
    func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
      UInt8((Double(a) + (Double(b) - Double(a)) * min(max(share, 0), 1)).rounded())
    }
    return .rgb(mix(r0, r1), mix(g0, g1), mix(b0, b1))
  }
}

/// Weights and marks that need no colour.
public struct Attributes: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt8

  /// Takes bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Heavier or brighter.
  public static let bold = Attributes(rawValue: 1)
  /// Fainter.
  public static let dim = Attributes(rawValue: 2)
  /// Underlined.
  public static let underline = Attributes(rawValue: 4)
  /// Foreground and background swapped.
  public static let reverse = Attributes(rawValue: 8)
}

/// How a cell is drawn.
public struct CellStyle: Sendable, Hashable {
  /// The colour of the character.
  public var foreground: Color
  /// The colour behind it.
  public var background: Color
  /// Weights and marks.
  public var attributes: Attributes

  /// Makes a style; by default what the terminal does by itself.
  public init(
    _ foreground: Color = .terminal, on background: Color = .terminal, _ attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  /// The same with more attributes.
  public func adding(_ more: Attributes) -> CellStyle {
    CellStyle(foreground, on: background, attributes.union(more))
  }

  /// The same in another colour.
  public func colored(_ color: Color) -> CellStyle { CellStyle(color, on: background, attributes) }

  /// The same on another background.
  public func on(_ color: Color) -> CellStyle { CellStyle(foreground, on: color, attributes) }
}

/// Text of one style.
public struct Span: Sendable, Hashable {
  /// The text; line breaks and controls are dropped when drawn.
  public var text: String
  /// How it is drawn.
  public var style: CellStyle

  /// Makes a span.
  public init(_ text: String, _ style: CellStyle) {
    self.text = text
    self.style = style
  }
}
