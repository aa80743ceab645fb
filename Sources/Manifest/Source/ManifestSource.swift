/// The text of a manifest and the name it is shown under.
public struct ManifestSource: Sendable, Equatable {
  /// The file's name as the user wrote it, or `<stdin>`.
  public let name: String
  /// The whole text.
  public let text: String

  /// Makes a source from text.
  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  /// Makes a source from the bytes of a file, or says where they stop being UTF-8.
  public static func decoding(_ bytes: [UInt8], name: String) -> Result<ManifestSource, Diagnostic> {
    if let text = String(validating: bytes, as: UTF8.self) {
      return .success(ManifestSource(name: name, text: text))
    }
    let good = validPrefix(of: bytes)
    let span = SourceSpan(behind: String(decoding: bytes[..<good], as: UTF8.self))
    return .failure(
      Diagnostic(
        .notUTF8, "this is not UTF-8 text", file: name, span: span,
        help: "save the file as UTF-8; the first \(good) bytes are fine"))
  }

  /// The lines without their ends, split where YAML 1.1 sees a line end; `lines[0]` is line 1.
  public var lines: [Substring] {
    text.split(omittingEmptySubsequences: false) { character in
      switch character {
      case "\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
      default: false
      }
    }
  }

  /// How many leading bytes are UTF-8, found by halving: a prefix of valid text stays valid at scalar bounds.
  private static func validPrefix(of bytes: [UInt8]) -> Int {
    var iterator = bytes.makeIterator()
    var decoder = UTF8()
    var length = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      length += UTF8.width(scalar)
    }
    return min(length, bytes.count)
  }
}

extension SourceSpan {
  /// The place just behind a text that begins a source.
  init(behind text: String) {
    let lines = ManifestSource(name: "", text: text).lines
    self.init(line: lines.count, column: 1 + (lines.last?.unicodeScalars.count ?? 0))
  }
}
