import Manifest
import Planning

/// What the numbers of a model say against a manifest, before anything is started: warnings, as the engine measures.
struct ModelRemarks {
  let manifest: Manifest
  let shape: ModelShape
  /// This machine's memory; nil when it does not say.
  let memoryBytes: Int?

  /// All of them.
  var all: [Diagnostic] {
    let capacity = try? Capacity(of: manifest, shape: shape)
    return [dense, capacity.flatMap(tooLarge), capacity.flatMap(tooMany)].compactMap(\.self)
  }

  /// The guide's "don't use when": there are no experts to share out.
  private var dense: Diagnostic? {
    let size = manifest.parallelism.size
    guard shape.experts == 0, size > 1 else { return nil }
    return Diagnostic(
      .sharesNothing, "the model is dense: \(size) ranks would step together and share nothing",
      span: manifest.settings.span(of: FieldPath.dataParallelSize),
      note: "data parallelism shares the experts of a layer out, and its config.json names none",
      help: "set `data_parallel_size` to 1, and `num_replicas` to \(size * manifest.parallelism.groups)")
  }

  /// A device that does not hold a rank's weights and one sequence beside them.
  private func tooLarge(_ capacity: Capacity) -> Diagnostic? {
    let plan = capacity.plan
    guard !plan.fits(length: capacity.length) else { return nil }
    let device = "\(bytes(plan.deviceBytes)) x \(plan.utilization)"
    let isWeights = plan.cacheBytes <= 0
    let message =
      isWeights
      ? "a rank's weights, \(bytes(plan.weightBytes)), do not fit into \(device)"
      : "one sequence of \(capacity.length) tokens does not fit: beside a rank's weights \(device) holds "
        + "\(plan.cacheTokens)"
    var cures: [String] = []
    if let ranks = plan.leastRanks(length: capacity.length) {
      cures.append("set `data_parallel_size` to \(ranks)")
    }
    if !isWeights, plan.cacheTokens > 1 { cures.append("lower `max_model_len` to \(plan.cacheTokens)") }
    cures.append(
      manifest.engine == .bundled
        ? "raise `engine_options.accelerator_memory`" : "take accelerators with more memory")
    return Diagnostic(
      .doesNotFit, message, span: span(isWeights ? [] : [FieldPath.maxModelLen]),
      note: "not counted: \(capacity.notCounted)",
      help: cures.joined(separator: ", or "), severity: .warning)
  }

  /// Ranks of the bundled engine share this machine's memory, and a cache takes it as it fills.
  private func tooMany(_ capacity: Capacity) -> Diagnostic? {
    let (plan, ranks) = (capacity.plan, manifest.parallelism.mostRanks)
    guard manifest.engine == .bundled, manifest.backend == .local, let memoryBytes, plan.cacheBytes > 0 else {
      return nil
    }
    let weights = plan.replicatedBytes + plan.expertBytes / max(1, plan.expertsPerRank) * shape.experts
    let need = Double(weights) + Double(ranks) * Double(plan.cacheBytes)
    guard need > Double(memoryBytes) else { return nil }
    let most = "\((memoryBytes / ranks) >> 20)MiB"
    return Diagnostic(
      .doesNotFit,
      "\(ranks) \(ranks == 1 ? "rank" : "ranks") may fill \(bytes(Int(min(need, 0x1p60)))) with weights and KV cache, and this machine "
        + "has \(bytes(memoryBytes))",
      span: span([FieldPath.acceleratorMemory, FieldPath.cacheMemory]),
      note: "a cache takes memory only as it fills, so this shows under load, as a killed rank",
      help: "set `engine_options.accelerator_memory` to at most \(most), or run fewer ranks",
      severity: .warning)
  }

  /// Where the first of these fields stands, or else the number of ranks or the model.
  private func span(_ paths: [String]) -> SourceSpan? {
    (paths + [FieldPath.dataParallelSize, FieldPath.modelSource]).lazy.compactMap {
      manifest.settings.span(of: $0)
    }.first
  }

  private func bytes(_ count: Int) -> String { Quantity.bytes(count) + "B" }
}
