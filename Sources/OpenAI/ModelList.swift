/// A model that `/v1/models` lists.
public struct ModelCard: Sendable, Equatable {
  /// The served name.
  public var id: String
  /// Where it comes from.
  public var root: String
  /// Since when it is served, in seconds since 1970.
  public var created: Int
  /// The most tokens of prompt and answer; nil when the one who lists does not know.
  public var maxModelLength: Int?
  /// The model that it adapts; nil when it is none of that kind.
  public var parent: String?

  /// A model.
  public init(id: String, root: String, created: Int, maxModelLength: Int?, parent: String? = nil) {
    self.id = id
    self.root = root
    self.created = created
    self.maxModelLength = maxModelLength
    self.parent = parent
  }

  /// The body of `/v1/models`.
  public static func list(_ cards: [ModelCard]) -> [UInt8] {
    var json = JSONWriter(capacity: 600)
    json.raw("{\"object\":\"list\",\"data\":")
    json.array(cards) { $1.write(to: &$0) }
    json.raw("}")
    return json.bytes
  }

  /// The body of `/v1/models/{id}`.
  public var body: [UInt8] {
    var json = JSONWriter(capacity: 600)
    write(to: &json)
    return json.bytes
  }

  private func write(to json: inout JSONWriter) {
    json.raw("{\"id\":")
    json.string(id)
    json.raw(",\"object\":\"model\",\"created\":")
    json.integer(created)
    json.raw(",\"owned_by\":\"dpdeploy\",\"root\":")
    json.string(root)
    json.raw(",\"parent\":")
    if let parent { json.string(parent) } else { json.raw("null") }
    json.raw(",\"max_model_len\":")
    if let maxModelLength { json.integer(maxModelLength) } else { json.raw("null") }
    json.raw(",\"permission\":[{\"id\":")
    json.string("modelperm-\(id)")
    json.raw(",\"object\":\"model_permission\",\"created\":")
    json.integer(created)
    json.raw(",\"allow_create_engine\":false,\"allow_sampling\":true,\"allow_logprobs\":true,")
    json.raw(
      "\"allow_search_indices\":false,\"allow_view\":true,\"allow_fine_tuning\":false,\"organization\":\"*\","
    )
    json.raw("\"group\":null,\"is_blocking\":false}]}")
  }
}
