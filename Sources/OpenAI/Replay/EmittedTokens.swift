/// The tokens of an answer that have reached its client, choice by choice.
///
/// A rank tells them in comment lines `: ids 0=12,345` before the events that carry them; the ingress keeps them, and
/// when the rank is lost hands them to another as `X-Dpdeploy-Resume: 0=12,345;1=7`. A choice without tokens stands
/// there too once its opening event was sent.
public struct EmittedTokens: Sendable, Equatable {
  /// The header field's name.
  public static let field = "X-Dpdeploy-Resume"
  /// What a comment line begins with.
  public static let commentPrefix: StaticString = ": ids "

  /// Token ids by choice.
  public private(set) var choices: [Int: [Int32]] = [:]

  /// Nothing was emitted.
  public init() {}

  /// Reads a header field's value, or a comment's text after its prefix; nil when it is none.
  public init?(parsing text: some StringProtocol) {
    guard !text.isEmpty else { return nil }
    for part in text.split(separator: ";", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, let choice = Int(sides[0]), choice >= 0 else { return nil }
      var ids: [Int32] = []
      for word in sides[1].split(separator: ",", omittingEmptySubsequences: false) where !sides[1].isEmpty {
        guard let id = Int32(word), id >= 0 else { return nil }
        ids.append(id)
      }
      add(ids, choice: choice)
    }
  }

  /// Whether nothing was emitted, not even an opening.
  public var isEmpty: Bool { choices.isEmpty }

  /// All tokens together.
  public var count: Int { choices.values.reduce(0) { $0 + $1.count } }

  /// Adds tokens of a choice; none to say that it was opened.
  public mutating func add(_ ids: [Int32], choice: Int) { choices[choice, default: []] += ids }

  /// Adds what `other` holds after this.
  public mutating func append(_ other: EmittedTokens) {
    for (choice, ids) in other.choices { add(ids, choice: choice) }
  }

  /// The header field's value, choices in order.
  public var text: String {
    choices.sorted { $0.key < $1.key }.map { choice, ids in
      "\(choice)=\(ids.map(String.init).joined(separator: ","))"
    }.joined(separator: ";")
  }
}
