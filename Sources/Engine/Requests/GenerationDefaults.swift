import JSON

/// What a model's generation_config.json says of sampling; vLLM takes it as the defaults of requests too.
struct GenerationDefaults: Equatable, Sendable {
  var temperature: Double?
  var topP: Double?
  var topK: Int?
  var minP: Double?
  var endTokens: [Int32] = []

  init(_ json: JSONValue) {
    temperature = json["temperature"]?.double
    topP = json["top_p"]?.double
    topK = json["top_k"]?.integer
    minP = json["min_p"]?.double
    let end = json["eos_token_id"]
    endTokens = (end?.elements?.compactMap(\.integer) ?? end?.integer.map { [$0] } ?? []).map(Int32.init)
  }
}
