import JSON

/// A value as JSON, its keys in one fixed order.
func encoded(_ value: some Encodable) -> [UInt8] {
  // No type of ours refuses to be written.
  (try? JSONPrinter.print(value)) ?? []
}

/// The value that `bytes` say; nil when they say none.
func decoded<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
  try? JSONReader.decode(type, from: bytes)
}
