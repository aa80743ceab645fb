/// A token that is matched as a whole before the text is split into words, as `<|user|>`.
public struct AddedToken: Equatable, Sendable {
  /// Its id.
  public let id: Int32
  /// The text that it stands for.
  public let content: String
  /// Whether it is a control token: left out of decoded text, and never read from a user's text.
  public let isSpecial: Bool
}

/// One search for added tokens: the text is normalised, then the tokens are taken out of it.
struct AddedTokenStage: Sendable {
  let normalizer: Normalizer
  let matcher: AddedTokenMatcher
}

/// Finds added tokens in a text: the leftmost, and of those that begin at one place the longest.
struct AddedTokenMatcher: Sendable {
  private struct Node: Sendable {
    var children: [UInt8: Int] = [:]
    var token: Int?
  }

  private var nodes = [Node()]
  private let tokens: [AddedToken]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() { insert(index, Array(token.content.utf8)) }
  }

  private mutating func insert(_ token: Int, _ key: [UInt8]) {
    guard !key.isEmpty else { return }
    var node = 0
    for byte in key {
      if let child = nodes[node].children[byte] {
        node = child
      } else {
        nodes.append(Node())
        nodes[node].children[byte] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    nodes[node].token = token
  }

  /// The first token in `text` from `start` on, and the bytes that it covers.
  func first(
    in text: [UInt8], from start: Int, allowingSpecial: Bool
  ) -> (token: AddedToken, range: Range<Int>)? {
    guard !tokens.isEmpty else { return nil }
    for position in start..<max(start, text.count) where nodes[0].children[text[position]] != nil {
      if let match = longest(in: text, at: position, allowingSpecial) { return match }
    }
    return nil
  }

  private func longest(
    in text: [UInt8], at start: Int, _ allowingSpecial: Bool
  ) -> (token: AddedToken, range: Range<Int>)? {
    var found: (token: AddedToken, range: Range<Int>)?
    var node = 0
    for position in start..<text.count {
      guard let child = nodes[node].children[text[position]] else { break }
      node = child
      if let index = nodes[node].token, allowingSpecial || !tokens[index].isSpecial {
        found = (tokens[index], start..<position + 1)
      }
    }
    return found
  }
}
