/// Reads request bodies; keeps its memory from one to the next, so each thread needs its own.
public final class RequestReader {
  private var tape = JSONTape()
  /// After a larger body the memory is given back.
  private static let largestKept = 1 << 20

  /// A reader.
  public init() {}

  /// Reads the body of `/v1/completions`.
  ///
  /// - Throws: 400 for what is not JSON, has a field of the wrong type or a value out of its range.
  public func completion(_ body: [UInt8]) throws(APIError) -> CompletionRequest {
    try read(body) { (root) throws(APIError) in try CompletionRequest(RequestFields(root)) }
  }

  /// Reads the body of `/v1/chat/completions`.
  ///
  /// - Throws: as ``completion(_:)``.
  public func chat(_ body: [UInt8]) throws(APIError) -> ChatRequest {
    try read(body) { (root) throws(APIError) in try ChatRequest(RequestFields(root)) }
  }

  /// Reads the body of `/v1/load_lora_adapter` or `/v1/unload_lora_adapter`.
  ///
  /// - Throws: as ``completion(_:)``.
  public func adapter(_ body: [UInt8]) throws(APIError) -> AdapterRequest {
    try read(body) { (root) throws(APIError) in try AdapterRequest(RequestFields(root)) }
  }

  /// Reads only what a relay needs.
  ///
  /// - Parameter hashingPrompt: whether ``RequestOutline/promptBlocks`` are wanted, which costs a walk over the prompt.
  /// - Throws: 400 for what is no JSON object, or says `model` or `stream` in a wrong type.
  public func outline(_ body: [UInt8], hashingPrompt: Bool = false) throws(APIError) -> RequestOutline {
    try read(body) { (root) throws(APIError) in try RequestOutline(root, hashingPrompt: hashingPrompt) }
  }

  private func read<Value>(
    _ body: [UInt8], _ make: (JSONElement) throws(APIError) -> Value
  ) throws(APIError) -> Value {
    defer { if body.count > Self.largestKept { tape = JSONTape() } }
    return try tape.parse(body, make)
  }
}
