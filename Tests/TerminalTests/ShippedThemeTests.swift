import Glibc
import Testing

@testable import Terminal

/// The theme files of the project.
private enum Shipped {
  static let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/themes"

  static let names: [String] = {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".theme") { names.append(String(name.dropLast(".theme".count))) }
    }
    return names.sorted()
  }()

  static func file(_ name: String) throws -> ThemeFile {
    let file = try #require(fopen("\(folder)/\(name).theme", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return ThemeFile(String(decoding: bytes.prefix(count), as: UTF8.self))
  }
}

@Suite struct `Every theme of ours` {
  @Test func `is there, ten or more of them`() {
    #expect(Shipped.names.count >= 10)
    for needed in ["colorblind", "high-contrast", "mono", "tty16"] { #expect(Shipped.names.contains(needed)) }
  }

  @Test(arguments: Shipped.names) func `is whole and has contrast of its own`(name: String) throws {
    let file = try Shipped.file(name)
    #expect(file.problems.isEmpty)
    guard let background = file.color("main_bg") else { return }
    for key in ["main_fg", "title", "hi_fg", "dp_ok", "dp_warn", "dp_crit", "dp_info"] {
      let contrast = try #require(file.color(key)?.contrast(with: background), "\(key)")
      #expect(contrast >= (name == "high-contrast" ? 7 : 4), "\(key) has \(contrast)")
    }
  }

  @Test(arguments: Shipped.names, [ColorDepth.trueColor, .palette256])
  func `can be read as it is drawn`(name: String, depth: ColorDepth) throws {
    let theme = Theme(try Shipped.file(name), depth: depth)
    func contrast(_ style: CellStyle) -> Double? {
      guard let front = shown(style.foreground, depth), let behind = shown(style.background, depth) else {
        return nil
      }
      return front.contrast(with: behind)
    }
    let texts = [
      theme.text, theme.title, theme.key, theme.ok, theme.warning, theme.critical, theme.info, theme.selected,
    ]
    // The 256 colours round a little.
    let slack = depth == .trueColor ? 0.1 : 0.7
    for style in texts {
      if let ratio = contrast(style) { #expect(ratio >= 4.5 - slack, "\(style)") }
    }
    for style in [theme.inactive, theme.stale] {
      if let ratio = contrast(style) { #expect(ratio >= 3 - slack, "\(style)") }
    }
  }

  /// A colour as the terminal shows it.
  private func shown(_ color: Color, _ depth: ColorDepth) -> Color? {
    switch depth.resolve(color) {
    case .terminal: nil
    case .index(let slot): Palette.color(of: Int(slot))
    case .rgb(let red, let green, let blue): .rgb(red, green, blue)
    }
  }

  @Test func `for colour-blind eyes keeps good, doubtful and bad apart`() throws {
    let file = try Shipped.file("colorblind")
    let status = try ["dp_ok", "dp_warn", "dp_crit"].map { try #require(file.color($0)) }
    for eye in [Self.withoutGreen, Self.withoutRed] {
      let shades = status.map { seen($0, by: eye) }
      for (one, two) in [(0, 1), (0, 2), (1, 2)] {
        let difference = try #require(shades[one].lab) - #require(shades[two].lab)
        #expect((difference * difference).sum().squareRoot() >= 25)
      }
    }
  }

  /// Machado, Oliveira and Fernandes 2009, severity 1, on linear light.
  private static let withoutGreen = [
    SIMD3(0.367322, 0.860646, -0.227968), SIMD3(0.280085, 0.672501, 0.047413),
    SIMD3(-0.011820, 0.042940, 0.968881),
  ]
  private static let withoutRed = [
    SIMD3(0.152286, 1.052583, -0.204868), SIMD3(0.114503, 0.786281, 0.099216),
    SIMD3(-0.003882, -0.048116, 1.051998),
  ]

  private func seen(_ color: Color, by eye: [SIMD3<Double>]) -> Color {
    guard case .rgb(let red, let green, let blue) = color else { return color }
    func linear(_ value: UInt8) -> Double {
      let share = Double(value) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    func coded(_ value: Double) -> UInt8 {
      let light = min(max(value, 0), 1)
      return UInt8(
        ((light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055) * 255).rounded())
    }
    let light = SIMD3(linear(red), linear(green), linear(blue))
    let result = eye.map { ($0 * light).sum() }
    return .rgb(coded(result[0]), coded(result[1]), coded(result[2]))
  }
}
