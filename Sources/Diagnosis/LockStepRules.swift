import ControlAPI

// What comes of ranks that step together.
extension HintRule {
  static let ranksAboveCores = HintRule(
    "H22", .lowThroughput, .warning, "more ranks than processor cores",
    signal:
      "the bundled engine has more ranks than the machine has cores, and its steps get less than 80 % of one",
    cause:
      "Each rank computes on one thread; ranks that share a core take turns, and in lock-step all wait for the last.",
    remedy: "run no more ranks than there are cores", field: Field.dataParallelSize, explains: ["H09"]
  ) { observation in
    let settings = observation.settings
    let busy = observation.ranks.filter { steps($0) > 0.3 }
    guard let cores = settings.cores, settings.totalRanks > cores,
      let share = mean(busy.compactMap { $0.computeCPURatio?.value }), share < 0.8
    else { return [] }
    // A group on one node may have any size, one on several nodes whole nodes only.
    let node = settings.sizePerNode < settings.dataParallelSize ? settings.sizePerNode : 1
    let fitting = cores / settings.groups / node * node
    return [
      Finding(
        evidence: [
          Evidence(.nodes, "\(settings.totalRanks) ranks share \(cores) cores"),
          Evidence(.replicas, "their threads got \(percent(share)) of a core while they were in steps"),
        ],
        fix: Finding.Fix(
          Field.dataParallelSize, from: settings.dataParallelSize, to: fitting > 0 ? fitting : nil))
    ]
  }

  static let smallChunk = HintRule(
    "H20", .lowThroughput, .warning, "tokens travel to their experts in too many pieces",
    signal:
      "a rank runs more requests than fit in a chunk, so each MoE layer exchanges more than once a step",
    cause: "Every piece costs a round of waiting for all ranks, and a smaller product for the experts.",
    remedy: "let a chunk hold the tokens of a whole decode step; its buffers take more memory",
    field: Field.dispatchChunk
  ) { observation in
    guard let chunk = observation.settings.dispatchChunk,
      let worst = observation.ranks.max(by: { pieces($0) < pieces($1) }), pieces(worst) >= 1.5,
      let running = observation.ranks.compactMap(\.running.value).max(), running > chunk
    else { return [] }
    var proposal = max(1, chunk)
    while proposal < running { proposal *= 2 }
    return [
      Finding(
        evidence: [
          Evidence(.experts, "\(decimal(pieces(worst))) pieces a step on \(worst.id)"),
          Evidence(.replicas, "a rank runs up to \(running) requests, a chunk holds \(chunk) tokens"),
        ],
        fix: Finding.Fix(Field.dispatchChunk, from: chunk, to: proposal))
    ]
  }

  static let straggler = HintRule(
    "H09", .lowThroughput, .warning, "one rank is slower than the others",
    signal: "all ranks but one wait for 40 % of the time or more, that one for less than 10 %, at equal load",
    cause:
      "Paging, throttling or a neighbour on its node: in lock-step the slowest rank sets the pace of all.",
    remedy: "look at its node; drain or restart it"
  ) { observation in
    observation.groups.compactMap { group in
      let waits = group.compactMap { rank in rank.communicationRatio?.value.map { (rank, $0) } }
      guard waits.count == group.count, let slow = waits.min(by: { $0.1 < $1.1 }), slow.1 < 0.1,
        let others = waits.filter({ $0.0.id != slow.0.id }).map(\.1).min(), others >= 0.4,
        let runs = median(group.compactMap(\.running.value)), let own = slow.0.running.value,
        Double(own) <= 1.2 * Double(runs), (balance(group) ?? 1) > 0.85, steps(slow.0) > 0.3
      else { return nil }
      return Finding(
        replica: slow.0.id, confidence: .medium, title: "\(slow.0.id) is slower than the others",
        evidence: [
          Evidence(
            .replicas,
            "\(slow.0.id) waits \(percent(slow.1)) of the time, each other at least \(percent(others))"),
          Evidence(.replicas, "it runs \(own) requests, the median rank \(runs)"),
        ])
    }
  }

  static let hotExperts = HintRule(
    "H10", .lowThroughput, .warning, "some experts get most of the tokens",
    signal: "mean over max of the rows that the ranks' experts computed is below 0.7",
    cause:
      "A rank computes its experts for all ranks; the owner of the hot ones sets the pace of every step.",
    remedy: "let experts move and be copied by their load (EPLB)", field: Field.balancing
  ) { observation in
    guard observation.settings.expertParallel else { return [] }
    return observation.groups.compactMap { group in
      guard let balance = balance(group), balance < 0.7,
        let hottest = group.max(by: { rows($0) < rows($1) }), rows(hottest) > 200
      else { return nil }
      let settings = observation.settings
      let redundant = settings.redundantExperts
      return Finding(
        replica: hottest.id,
        evidence: [
          Evidence(
            .experts,
            "balancedness \(percent(balance)): \(hottest.id) computes \(Int(rows(hottest))) rows a second, "
              + "a rank on average \(Int((mean(group.map(rows)) ?? 0)))")
        ],
        fix: settings.balancesExperts
          ? Finding.Fix(Field.redundantExperts, from: redundant, to: redundant + group.count)
          : Finding.Fix(Field.balancing, from: false, to: true))
    }
  }

  static let slowNetwork = HintRule(
    "H19", .highLatency, .warning, "the network between nodes holds steps up",
    signal: "ranks wait for rows on the links between nodes for more than 30 % of the time",
    cause:
      "Every MoE layer sends tokens to their experts and back; what the links take, every token of every rank waits.",
    remedy:
      "keep ranks together (dp_size_per_node), use a faster interface, or hide the wait (enable_dbo) where batches "
      + "are large", field: Field.links
  ) { observation in
    let shares = observation.ranks.compactMap { $0.linkRatio?.value }
    guard observation.settings.links != nil, let share = mean(shares), share > 0.3 else { return [] }
    let settings = observation.settings
    let running = median(observation.ranks.compactMap(\.running.value)) ?? 0
    // Half-batches of a few tokens lose more than the links take: vLLM's own threshold is 32.
    let canOverlap = settings.overlapThreshold == nil && running >= 32
    return [
      Finding(
        evidence: [
          Evidence(.experts, "rows are on the links for \(percent(share)) of the time"),
          Evidence(.manifest, "cluster.links is \(settings.links ?? "")"),
        ],
        fix: canOverlap
          ? Finding.Fix(Field.overlap, from: false, to: true)
          : Finding.Fix(Field.links, from: settings.links, to: String?.none))
    ]
  }

  static let idleOverlap = HintRule(
    "H21", .waste, .warning, "dual batch overlap is on and hardly ever used",
    signal: "`enable_dbo` is set, and fewer than 10 % of the steps with tokens run as two half-batches",
    cause: """
      Overlap runs when every rank has `dbo_decode_token_threshold` tokens or more; one rank with fewer vetoes it for all. \
      It is Dual Batch Overlap: it takes memory for a second set of buffers, and saves none.
      """,
    remedy: "turn it off, or lower its threshold if batches are meant to be this small", field: Field.overlap
  ) { observation in
    let shares = observation.ranks.filter { steps($0) > 0.2 }.compactMap { $0.overlapRatio?.value }
    guard let threshold = observation.settings.overlapThreshold, let share = shares.max(), share < 0.1 else {
      return []
    }
    let running = observation.ranks.compactMap(\.running.value).max() ?? 0
    return [
      Finding(
        evidence: [
          Evidence(.experts, "\(percent(share)) of the steps overlap"),
          Evidence(.replicas, "a rank runs up to \(running) requests, overlap begins at \(threshold) tokens"),
        ],
        fix: Finding.Fix(Field.overlap, from: true, to: false))
    ]
  }

  static let noExperts = HintRule(
    "H18", .waste, .warning, "ranks in lock-step exchange nothing",
    signal: "a group of several ranks computes tokens, and none goes to the experts of another rank",
    cause: """
      Data parallelism in lock-step pays for itself by sharding experts. A dense model has none, and with \
      `enable_expert_parallel: false` every rank has all of them: the ranks then wait for each other for nothing.
      """,
    remedy:
      "shard the experts, or serve a dense model with more groups (deployment_config.num_replicas) of one rank",
    field: Field.dataParallelSize
  ) { observation in
    let settings = observation.settings
    let output = observation.metrics.generationTokensPerSecond.value ?? 0
    let rates = observation.ranks.compactMap { $0.expertRowsPerSecond?.value }
    guard settings.dataParallelSize > 1, output > 0, observation.ranks.contains(where: { steps($0) > 0.2 }),
      !settings.expertParallel || rates.count == observation.ranks.count && rates.allSatisfy({ $0 == 0 })
    else { return [] }
    return [
      Finding(
        evidence: [
          Evidence(
            .manifest,
            "data_parallel_size is \(settings.dataParallelSize), enable_expert_parallel "
              + "\(settings.expertParallel)"),
          Evidence(
            .overview,
            "\(Int(output)) output tokens a second, none of them through experts of another rank"),
        ],
        fix: settings.expertParallel
          ? Finding.Fix(Field.dataParallelSize, from: settings.dataParallelSize, to: 1)
          : Finding.Fix(Field.expertParallel, from: false, to: true))
    ]
  }

  static let lowTraffic = HintRule(
    "H17", .waste, .info, "too few requests for so many ranks",
    signal: "half of the ranks' time in steps, or more, goes into dummy steps",
    cause:
      "While one rank has a request, all others run every step without tokens, to compute their experts for it.",
    remedy: "a smaller data_parallel_size serves this traffic at the same speed, on fewer devices",
    field: Field.dataParallelSize
  ) { observation in
    let busy = observation.ranks.compactMap { $0.gpuUtilizationRatio?.value }.reduce(0, +)
    let dummy = observation.ranks.compactMap { $0.dummyRatio?.value }.reduce(0, +)
    // One stream on two ranks is exactly half, less what the first step of each wave takes.
    guard busy > 0.2, dummy >= 0.48 * (busy + dummy), observation.settings.dataParallelSize > 1,
      observation.queued ?? 0 == 0
    else { return [] }
    let settings = observation.settings
    let smaller = settings.dataParallelSize / 2
    let isWhole = smaller.isMultiple(of: settings.sizePerNode) || smaller < settings.sizePerNode
    return [
      Finding(
        evidence: [
          Evidence(.replicas, "\(percent(dummy / (busy + dummy))) of the time in steps is dummy steps"),
          Evidence(
            .overview, "\(observation.metrics.running.text) requests run on \(observation.ranks.count) ranks"),
        ],
        fix: Finding.Fix(
          Field.dataParallelSize, from: settings.dataParallelSize, to: isWhole ? smaller : nil))
    ]
  }

  /// The share of a rank's time in steps, with tokens or without.
  private static func steps(_ rank: ReplicaStatus) -> Double {
    (rank.gpuUtilizationRatio?.value ?? 0) + (rank.dummyRatio?.value ?? 0)
  }

  private static func pieces(_ rank: ReplicaStatus) -> Double { rank.chunksPerStep?.value ?? 0 }

  private static func rows(_ rank: ReplicaStatus) -> Double { rank.expertRowsPerSecond?.value ?? 0 }

  /// Mean over max of the rows that the ranks of a group computed; nil when not all of them say.
  private static func balance(_ group: [ReplicaStatus]) -> Double? {
    let known = group.compactMap { $0.expertRowsPerSecond?.value }
    guard known.count == group.count, let most = known.max(), most > 0 else { return nil }
    return mean(known).map { $0 / most }
  }
}
