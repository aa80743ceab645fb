/// A commented manifest to begin with, fit for a machine and a model.
struct StarterManifest {
  let name: String
  let modelID: String
  let model: ModelOutline
  let machine: Machine
  /// Where an editor finds the schema.
  let schema: String

  /// A rank computes on a core of its own, and one is left to the ingress where there are more than two.
  var ranks: Int {
    let free = machine.cores > 2 ? machine.cores - 1 : machine.cores
    let most = min(free, 8, model.experts ?? 1)
    return [8, 4, 2].first { $0 <= most } ?? 1
  }

  var ingressReplicas: Int { max(1, min(4, machine.cores / 2)) }

  var longestSequence: Int { min(model.longestSequence ?? 4096, 4096) }

  var text: String {
    """
    # yaml-language-server: $schema=\(schema)
    #
    # Written by `dpdeploy init` for \(machineWords) and \(modelWords).
    # `dpdeploy explain FIELD` says what a field does and which others there are.

    apiVersion: dpdeploy/v1
    name: \(name)

    llm_config:
      model_loading_config:
        model_id: \(modelID)
        model_source: \(json(model.source, isPretty: false))
      engine_kwargs:
        # Ranks that step together, each with requests of its own; \(rankWords).
        data_parallel_size: \(ranks)
    \(expertLines)
        # Sequences that a rank runs at once; more wait. Higher for throughput, lower for latency.
        max_num_seqs: 64
        # Tokens of a sequence, its prompt included\(limitWords).
        max_model_len: \(longestSequence)

    ingress_deployment_config:
      autoscaling_config:
        # Ingress processes, all on one port; with a larger max_replicas they follow the load.
        min_replicas: \(ingressReplicas)
        max_replicas: \(ingressReplicas)

    ingress:
      host: 127.0.0.1
      # 0 takes any free port, which `dpdeploy status` shows.
      port: 8000

    """
  }

  private var machineWords: String {
    let memory = machine.memoryBytes.map { " and \(Quantity.bytes($0))B of memory" } ?? ""
    return "a machine of \(machine.cores) core\(machine.cores == 1 ? "" : "s")\(memory)"
  }

  private var modelWords: String { "a model with \(Quantity.bytes(model.weightBytes))B of weights" }

  private var rankWords: String {
    guard model.experts != nil else { return "a dense model gains nothing from more than one" }
    return "one a core leaves the machine busy and not crowded"
  }

  private var expertLines: String {
    guard let experts = model.experts else {
      return "    # This model has no experts to share out among ranks."
    }
    return
      "    # The \(experts) experts of a layer are shared out among the ranks.\n    enable_expert_parallel: true"
  }

  private var limitWords: String {
    model.longestSequence.map { "; the model was made for \($0)" } ?? ""
  }
}
