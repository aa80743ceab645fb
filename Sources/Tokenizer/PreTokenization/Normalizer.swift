import JSON
@_spi(_Unicode) import Swift

/// What is done to a text before it is split into words.
struct Normalizer: Equatable, Sendable {
  private enum Step: Equatable, Sendable {
    /// Unicode's normalisation form C, which Qwen's tokenizers ask for.
    case composed
    /// Puts a text before every text that is not empty.
    case prepend(String)
    /// Replaces a scalar wherever it stands.
    case replace(Unicode.Scalar, by: String)
  }

  private var steps: [Step] = []

  /// Leaves texts as they are.
  static let unchanged = Normalizer()

  private init() {}

  /// Reads the `normalizer` of a tokenizer.json.
  init(_ value: JSONValue?, file: String) throws(TokenizerError) { try add(value ?? .null, file) }

  private mutating func add(_ value: JSONValue, _ file: String) throws(TokenizerError) {
    switch value["type"]?.string {
    case nil where value.isNull: return
    case "NFC": steps.append(.composed)
    case "Sequence": for part in value["normalizers"]?.elements ?? [] { try add(part, file) }
    case "Prepend": steps.append(.prepend(value["prepend"]?.string ?? ""))
    case "Replace":
      guard let old = value["pattern"]?["String"]?.string, old.unicodeScalars.count == 1,
        let scalar = old.unicodeScalars.first, let new = value["content"]?.string
      else {
        throw .unsupported(file: file, what: "the normalizer Replace of more than one character")
      }
      steps.append(.replace(scalar, by: new))
    case let other: throw .unsupported(file: file, what: "the normalizer \(other ?? "none")")
    }
  }

  func apply(_ text: String) -> String {
    steps.reduce(text) { text, step in
      switch step {
      case .composed: Self.composed(text)
      case .prepend(let prefix): text.isEmpty ? text : prefix + text
      case .replace(let old, let new): Self.replacing(old, by: new, in: text)
      }
    }
  }

  private static func composed(_ text: String) -> String {
    // Below U+0300 nothing combines with what stands before it.
    guard !text.unicodeScalars.allSatisfy({ $0.value < 0x300 }) else { return text }
    var composed = ""
    composed.unicodeScalars.append(contentsOf: text._nfc)
    return composed
  }

  private static func replacing(_ old: Unicode.Scalar, by new: String, in text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar == old { result += new } else { result.unicodeScalars.append(scalar) }
    }
    return result
  }
}
