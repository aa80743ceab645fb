/// A request to `/v1/load_lora_adapter` or `/v1/unload_lora_adapter`.
public struct AdapterRequest: Sendable, Equatable {
  /// The adapter's name.
  public var name: String?
  /// Its folder on the server.
  public var path: String?

  init(_ fields: RequestFields) throws(APIError) {
    name = try fields.string("lora_name")
    path = try fields.string("lora_path")
  }
}
