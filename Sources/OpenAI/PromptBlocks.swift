/// Hashes a prompt's text block by block, so that prompts which begin alike begin with the same hashes.
///
/// The text stands for the tokens: a relay has no tokenizer. Hashes hold within one process.
struct PromptBlocks {
  private var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var filled = 0
  private(set) var blocks: [UInt64] = []

  private static let blockBytes = 64
  /// Of a longer prompt only the first 256 KiB are looked at.
  private static let most = 4096

  /// The blocks of the prompt in a request's body: its `prompt`, or its `tools` and `messages` with their roles.
  ///
  /// The model's name, the adapter's too, is the salt. What is no text counts for nothing.
  static func of(_ root: JSONElement) -> [UInt64] {
    var blocks = PromptBlocks()
    root.member("model")?.withText { blocks.salt($0) }
    for name in ["prompt", "tools", "messages"] {
      if let element = root.member(name) { blocks.addAll(element) }
    }
    return blocks.blocks
  }

  private mutating func salt(_ name: UnsafeRawBufferPointer) {
    for byte in name { mix(byte) }
    filled = 0
    blocks.removeAll()
  }

  private mutating func add(_ text: UnsafeRawBufferPointer) {
    for byte in text {
      guard blocks.count < Self.most else { return }
      mix(byte)
    }
  }

  /// Every text in `element`, in order.
  private mutating func addAll(_ element: JSONElement) {
    element.withText { add($0) }
    if element.isContainer { element.forEach { _, member in addAll(member) } }
  }

  private mutating func mix(_ byte: UInt8) {
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    filled += 1
    guard filled == Self.blockBytes else { return }
    filled = 0
    hash ^= hash >> 32
    blocks.append(hash)
  }
}
