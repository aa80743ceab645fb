import JSON
@_spi(_Unicode) import Swift

/// What is done to a text before it is split into words.
enum Normalizer: Equatable, Sendable {
  case unchanged
  /// Unicode's normalisation form C, which Qwen's tokenizers ask for.
  case composed

  /// Reads the `normalizer` of a tokenizer.json.
  init(_ value: JSONValue?, file: String) throws(TokenizerError) {
    self = .unchanged
    switch value?["type"]?.string {
    case nil where value?.isNull ?? true: return
    case "NFC": self = .composed
    case "Sequence":
      for part in value?["normalizers"]?.elements ?? [] {
        if try Normalizer(part, file: file) == .composed { self = .composed }
      }
    case let other: throw .unsupported(file: file, what: "the normalizer \(other ?? "none")")
    }
  }

  func apply(_ text: String) -> String {
    // Below U+0300 nothing combines with what stands before it.
    guard self == .composed, !text.unicodeScalars.allSatisfy({ $0.value < 0x300 }) else { return text }
    var composed = ""
    composed.unicodeScalars.append(contentsOf: text._nfc)
    return composed
  }
}
