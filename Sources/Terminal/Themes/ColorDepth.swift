/// How many colours a terminal has.
public enum ColorDepth: Int, Sendable, Comparable, CaseIterable {
  /// None: weights and reversal only.
  case monochrome
  /// The eight or sixteen named ones.
  case ansi16
  /// xterm's cube and greys.
  case palette256
  /// 24 bits.
  case trueColor

  /// Orders by richness.
  public static func < (left: ColorDepth, right: ColorDepth) -> Bool { left.rawValue < right.rawValue }

  /// A colour as this depth can show it.
  public func resolve(_ color: Color, isBackground: Bool = false) -> ResolvedColor {
    guard case .rgb(let red, let green, let blue) = color else { return .terminal }
    switch self {
    case .monochrome: return .terminal
    case .trueColor: return .rgb(red, green, blue)
    case .palette256: return .index(Palette.nearest(to: color))
    case .ansi16: return .index(Palette.named(red, green, blue, isBackground: isBackground))
    }
  }
}

/// A colour as a terminal is told it.
public enum ResolvedColor: Sendable, Hashable {
  /// Its own.
  case terminal
  /// A slot of its palette.
  case index(UInt8)
  /// 24 bits.
  case rgb(UInt8, UInt8, UInt8)
}

enum Palette {
  /// xterm's 240 fixed colours with their slots; the first 16 are left out, as users recolour those.
  private static let fixed: [(slot: UInt8, lab: SIMD3<Double>)] = (16...255).compactMap { slot in
    color(of: slot).lab.map { (UInt8(slot), $0) }
  }

  static func color(of slot: Int) -> Color {
    if slot >= 232 {
      let grey = UInt8(8 + 10 * (slot - 232))
      return .rgb(grey, grey, grey)
    }
    let levels: [UInt8] = [0, 95, 135, 175, 215, 255]
    let index = slot - 16
    return .rgb(levels[index / 36], levels[index / 6 % 6], levels[index % 6])
  }

  static func nearest(to color: Color) -> UInt8 {
    guard let wanted = color.lab else { return 16 }
    var best: (slot: UInt8, distance: Double) = (16, .infinity)
    for candidate in fixed {
      let difference = candidate.lab - wanted
      let distance = (difference * difference).sum()
      if distance < best.distance { best = (candidate.slot, distance) }
    }
    return best.slot
  }

  /// One of the 16 named slots, by hue; text is never slot 0 or 8, which many palettes hide on their background.
  static func named(_ red: UInt8, _ green: UInt8, _ blue: UInt8, isBackground: Bool) -> UInt8 {
    let (r, g, b) = (Int(red), Int(green), Int(blue))
    let high = max(r, g, b)
    let low = min(r, g, b)
    if high - low < 40 {
      if isBackground { return high < 128 ? 0 : 7 }
      return high > 215 ? 15 : 7
    }
    if isBackground, high < 64 { return 0 }
    let middle = (high + low) / 2
    let slot: UInt8 = (r > middle ? 1 : 0) | (g > middle ? 2 : 0) | (b > middle ? 4 : 0)
    let isBright = !isBackground && high > 190
    return slot + (isBright ? 8 : 0)
  }
}
