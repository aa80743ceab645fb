import Glibc

extension Color {
  /// Relative luminance of WCAG 2, from 0 (black) to 1 (white); nil for the terminal's own colour.
  public var luminance: Double? {
    guard case .rgb(let red, let green, let blue) = self else { return nil }
    return 0.2126 * Self.linear(red) + 0.7152 * Self.linear(green) + 0.0722 * Self.linear(blue)
  }

  /// WCAG 2's contrast ratio, from 1 to 21; nil when either is the terminal's own colour.
  public func contrast(with other: Color) -> Double? {
    guard let one = luminance, let two = other.luminance else { return nil }
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)
  }

  /// This colour moved towards white or black until it stands out from `background` by `ratio`.
  public func lifted(to ratio: Double, against background: Color) -> Color {
    guard let contrast = contrast(with: background), contrast < ratio else { return self }
    let light = background.luminance ?? 0
    let goal: Color = light > 0.18 ? .rgb(0, 0, 0) : .rgb(255, 255, 255)
    for step in 1...20 {
      let candidate = mixed(with: goal, Double(step) / 20)
      if candidate.contrast(with: background) ?? 21 >= ratio { return candidate }
    }
    return goal
  }

  /// CIE L*a*b* under D65, for distances that match the eye; nil for the terminal's own colour.
  var lab: SIMD3<Double>? {
    guard case .rgb(let red, let green, let blue) = self else { return nil }
    let (r, g, b) = (Self.linear(red), Self.linear(green), Self.linear(blue))
    let x = Self.curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    let y = Self.curve(0.2126 * r + 0.7152 * g + 0.0722 * b)
    let z = Self.curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.0890)
    return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
  }

  private static func linear(_ channel: UInt8) -> Double {
    let value = Double(channel) / 255
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
  }

  private static func curve(_ value: Double) -> Double {
    value > 0.008856 ? cbrt(value) : 7.787 * value + 16.0 / 116
  }
}
