import FoundationEssentials

/// A value as JSON, its keys in one fixed order.
func encoded(_ value: some Encodable) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  // Our own types hold only what JSON can say but for a number that is not finite, which they never hold.
  return (try? encoder.encode(value)).map(Array.init) ?? []
}

/// The value that `bytes` say; nil when they say none.
func decoded<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
  try? JSONDecoder().decode(type, from: Data(bytes))
}
