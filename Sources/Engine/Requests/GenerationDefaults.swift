import JSON

/// What a model's generation_config.json says of sampling; vLLM takes it as the defaults of requests too.
///
/// Beyond vLLM, a model that says `"do_sample": false` and no temperature is decoded greedily unless a request asks for
/// more: so transformers understands that field.
struct GenerationDefaults: Equatable, Sendable {
  var temperature: Double?
  var topP: Double?
  var topK: Int?
  var minP: Double?
  var endTokens: [Int32] = []

  init(_ json: JSONValue) {
    temperature = json["temperature"]?.double ?? (json["do_sample"]?.bool == false ? 0 : nil)
    topP = json["top_p"]?.double
    topK = json["top_k"]?.integer
    minP = json["min_p"]?.double
    let end = json["eos_token_id"]
    endTokens = (end?.elements?.compactMap(\.integer) ?? end?.integer.map { [$0] } ?? []).map(Int32.init)
  }
}
