/// An object's members.
struct JSONObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let frame: JSONFrame

  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { frame.add(key.stringValue) { $0.raw("null") } }
  func encode(_ value: Bool, forKey key: Key) {
    frame.add(key.stringValue) { $0.raw(value ? "true" : "false") }
  }
  func encode(_ value: String, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Double, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Float, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Int, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Int8, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Int16, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Int32, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: Int64, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: UInt, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: UInt8, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: UInt16, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: UInt32, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: UInt64, forKey key: Key) { frame.add(key.stringValue) { $0.write(value) } }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    try frame.add(key.stringValue) { try JSONFrame.write(value, to: $0) }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    frame.open(key.stringValue).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    frame.open(key.stringValue).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { frame }
  func superEncoder(forKey key: Key) -> any Encoder { frame.open(key.stringValue) }
}

/// An array's elements.
struct JSONArray: UnkeyedEncodingContainer {
  let frame: JSONFrame

  var codingPath: [any CodingKey] { [] }
  var count: Int { frame.count }

  func encodeNil() { frame.add { $0.raw("null") } }
  func encode(_ value: Bool) { frame.add { $0.raw(value ? "true" : "false") } }
  func encode(_ value: String) { frame.add { $0.write(value) } }
  func encode(_ value: Double) { frame.add { $0.write(value) } }
  func encode(_ value: Float) { frame.add { $0.write(value) } }
  func encode(_ value: Int) { frame.add { $0.write(value) } }
  func encode(_ value: Int8) { frame.add { $0.write(value) } }
  func encode(_ value: Int16) { frame.add { $0.write(value) } }
  func encode(_ value: Int32) { frame.add { $0.write(value) } }
  func encode(_ value: Int64) { frame.add { $0.write(value) } }
  func encode(_ value: UInt) { frame.add { $0.write(value) } }
  func encode(_ value: UInt8) { frame.add { $0.write(value) } }
  func encode(_ value: UInt16) { frame.add { $0.write(value) } }
  func encode(_ value: UInt32) { frame.add { $0.write(value) } }
  func encode(_ value: UInt64) { frame.add { $0.write(value) } }
  func encode(_ value: some Encodable) throws { try frame.add { try JSONFrame.write(value, to: $0) } }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    frame.open().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { frame.open().unkeyedContainer() }
  func superEncoder() -> any Encoder { frame.open() }
}
