/// A release of vLLM: its numbers, without what a build adds (`0.32.0+cpu`).
public struct VLLMVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Major, minor and patch number.
  public let numbers: [Int]

  /// The release whose flags this build knows best.
  public static let newestKnown = VLLMVersion(0, 32, 0)
  /// The oldest release that can be run: before it a rank could not be told its place on the command line.
  public static let oldestSupported = VLLMVersion(0, 11, 0)

  /// Makes a version of its numbers.
  public init(_ major: Int, _ minor: Int, _ patch: Int = 0) { numbers = [major, minor, patch] }

  /// Reads `0.32`, `v0.32.0`, `0.32.0+cpu` or `0.32.0rc1`; nil when it is none.
  public init?(_ text: String) {
    let plain = text.hasPrefix("v") ? text.dropFirst() : text[...]
    let parts = plain.split(separator: ".", omittingEmptySubsequences: false).prefix(3).map { part in
      Int(part.prefix { $0.isASCII && $0.isNumber })
    }
    guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
    self.init(major, minor, parts.count > 2 ? parts[2] ?? 0 : 0)
  }

  /// `0.32.0`.
  public var description: String { numbers.map(String.init).joined(separator: ".") }

  /// Orders by age.
  public static func < (left: VLLMVersion, right: VLLMVersion) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }
}
