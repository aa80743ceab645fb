import CommandLine
import Manifest
import Planning

extension Capacity {
  /// For people.
  func text(_ style: Style) -> String {
    let shape = plan.shape
    let layers =
      shape.experts > 0 ? "\(shape.expertLayers) of them with \(shape.experts) experts" : "dense"
    let every = bytes(plan.replicatedBytes)
    let own = bytes(plan.expertBytes)
    let each = plan.devicesPerRank == 1 ? "" : " x \(plan.devicesPerRank)"
    let all = groups == 1 ? "" : "\(groups) groups x "
    var rows: [(name: String, words: String)] = [
      ("model", "\(shape.layers) layers, \(layers)"),
      ("devices", "\(devices): \(all)\(plan.ranks) ranks\(each)"),
      (
        "weights",
        "\(bytes(plan.weightBytes)) a device: \(every) that every rank has, \(own) of \(plan.expertsPerRank) experts a layer"
      ),
      (
        "memory",
        "\(bytes(plan.deviceBytes)) x \(plan.utilization), \(bytes(plan.reservedBytes)) set aside"
      ),
    ]
    if plan.fits(length: length) {
      let each = plan.cacheTokens / sequences
      rows.append(
        (
          "KV cache",
          "\(bytes(plan.cacheBytes)): \(plan.cacheTokens) tokens of \(plan.tokenBytes) bytes"
        ))
      rows.append(
        (
          "sequences",
          "\(largestSequences) of \(length) tokens; max_num_seqs \(sequences) leaves \(each) tokens for each"
        ))
      rows.append(
        (
          "at most",
          "max_model_len \(largestLength) for one sequence; max_num_seqs \(largestSequences) of full length"
        ))
    } else {
      let missing =
        plan.cacheBytes < 0
        ? "the weights alone are too large" : "its cache holds \(plan.cacheTokens)"
      let cure =
        plan.leastRanks(length: length).map { "\($0) ranks would do" }
        ?? "no number of ranks would do"
      rows.append(("does not fit", "one sequence of \(length) tokens: \(missing); \(cure)"))
    }
    rows.append(("not counted", notCounted))
    return rows.map { name, words in
      style.bold(name) + String(repeating: " ", count: 14 - name.count) + words + "\n"
    }.joined()
  }

  /// For scripts.
  var document: Value {
    let least: Value = plan.leastRanks(length: length).map { .integer($0) } ?? .null
    return .map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)), .init("kind", .text("Capacity")),
      .init("schemaVersion", .text("1.0")), .init("fits", .boolean(plan.fits(length: length))),
      .init("ranks", .integer(plan.ranks)), .init("leastRanks", least), .init("devices", .integer(devices)),
      .init("weight_bytes", .integer(plan.weightBytes)),
      .init("replicated_bytes", .integer(plan.replicatedBytes)),
      .init("expert_bytes", .integer(plan.expertBytes)),
      .init("kv_cache_bytes", .integer(max(0, plan.cacheBytes))),
      .init("kv_token_bytes", .integer(plan.tokenBytes)),
      .init("kv_tokens", .integer(plan.cacheTokens)),
      .init("full_sequences", .integer(largestSequences)),
      .init("largestMaxModelLen", .integer(max(0, largestLength))),
      .init("largestMaxNumSeqs", .integer(max(0, largestSequences))),
      .init("tokens_per_sequence", .integer(plan.cacheTokens / sequences)),
      .init("notCounted", .text(notCounted)),
    ])
  }

  private func bytes(_ count: Int) -> String { Quantity.bytes(count) + "B" }
}
