/// Hides secrets in text that is to be handed on.
struct Redaction: Sendable {
  private let secrets: [String]

  /// Hides these values wherever they stand, longer ones first; what is shorter than four letters hides nothing, as it
  /// would tear words apart.
  init(_ secrets: some Sequence<String>) {
    self.secrets = Set(secrets).filter { $0.count >= 4 }.sorted { ($1.count, $0) < ($0.count, $1) }
  }

  /// The values of variables whose names speak of secrets.
  static func secrets(inEnvironment entries: [String]) -> [String] {
    entries.compactMap { entry in
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, marks.contains(where: { parts[0].uppercased().contains($0) }) else {
        return nil
      }
      return String(parts[1])
    }
  }

  /// `text` without secrets: none that is known, and none behind `Bearer`.
  func callAsFunction(_ text: String) -> String {
    let known = secrets.reduce(text) { $0.replacing($1, with: Self.mask) }
    return known.replacing(/Bearer [^ "'\n]+/, with: "Bearer " + Self.mask)
  }

  private static let mask = "<redacted>"
  private static let marks = ["KEY", "TOKEN", "SECRET", "PASSWORD"]
}
