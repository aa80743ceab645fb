import Deployment
public import JSON
public import Manifest

/// A manifest as an application of a Ray Serve config (`ServeApplicationSchema`).
public struct RayServeApplication: Sendable, Equatable {
  /// The application, as `applications:` of a config file and the REST API take it; secrets are in clear.
  public let config: JSONValue
  /// What one Serve replica of the ranks takes of a node.
  public let bundle: [String: Double]
  /// How many blocks of ranks there are, each to stand on one node.
  public let blocks: Int
  /// Where the ranks shall stand.
  public let placement: Placement

  /// The ranks' deployment.
  public let serverName: String
  /// The deployment that clients reach.
  public static let ingressName = "OpenAiIngress"
  /// The builder of the bundled engine, of `integrations/ray`.
  public static let bundledBuilder = "dpdeploy_ray:build"

  /// Renders `manifest`.
  ///
  /// - Parameter model: where the model's folder is on every node; only the bundled engine needs it.
  /// - Parameter owner: by which an application is known as ours; nil leaves it out.
  public init(_ manifest: Manifest, model: String, owner: String? = nil) {
    let layout = manifest.parallelism
    serverName = manifest.serverDeploymentName
    blocks = layout.groups * layout.nodesPerGroup
    let isBundled = manifest.engine == .bundled
    placement = Placement(
      ranksPerNode: layout.sizePerNode, ranksPerGroup: layout.size,
      ranksPerReplica: isBundled ? layout.sizePerNode : 1)
    bundle = [
      isBundled ? "CPU" : Self.resource(manifest): Double(layout.sizePerNode * manifest.devicesPerRank)
    ]
    var members: [JSONMember] = [
      JSONMember("name", .string(manifest.name)),
      JSONMember("route_prefix", .string(manifest.cluster.routePrefix)),
      JSONMember("import_path", .string(isBundled ? Self.bundledBuilder : RayBuilder.importPath)),
    ]
    if let owner {
      members.append(
        JSONMember(
          "runtime_env",
          .object([JSONMember("env_vars", .object([JSONMember(Declaration.ownerVariable, .string(owner))]))]))
      )
    }
    members.append(
      JSONMember(
        "args",
        isBundled
          ? Self.bundledArguments(manifest, model, bundle)
          : JSONValue(RayBuilder.arguments(of: manifest, withSecrets: true))))
    if isBundled { members.append(JSONMember("deployments", .array(Self.counts(manifest)))) }
    config = .object(members)
  }

  /// What Ray counts a rank's devices as: that of `accelerator_config.kind`.
  private static func resource(_ manifest: Manifest) -> String {
    guard case .text(let kind)? = manifest.settings["llm_config.accelerator_config"]?.value["kind"] else {
      return "GPU"
    }
    return kind.uppercased()
  }

  /// The command lines of a block's processes, and the options of the deployments that run them.
  private static func bundledArguments(_ manifest: Manifest, _ model: String, _ bundle: [String: Double])
    -> JSONValue
  {
    let spec = ApplicationSpec(manifest, modelFolder: model)
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
    let rank = JSONValue.object([
      JSONMember("arguments", texts(spec.engine.arguments)),
      JSONMember("environment", texts(spec.engine.environment)),
      JSONMember("count", .integer(spec.engine.size)), JSONMember("capacity", .integer(spec.engine.capacity)),
    ])
    let own = ["num_replicas", "autoscaling_config"].map { "llm_config.deployment_config." + $0 }
    let amounts = bundle.sorted { $0.key < $1.key }.map { Value.Member($0.key, .number($0.value)) }
    var server = manifest.given(
      in: "llm_config.deployment_config", except: Set(own), withSecrets: true)
    for (name, value) in [
      ("max_ongoing_requests", Value.integer(1_000_000)), ("health_check_period_s", .integer(1)),
      ("graceful_shutdown_timeout_s", .number(manifest.rollout.drainTimeoutSeconds)),
    ] where server[name] == nil { server = server.adding(value, at: [name]) }
    server = server.adding(.list([.map(amounts)]), at: ["placement_group_bundles"])
    return .object([
      JSONMember("model_id", .string(manifest.model.id)), JSONMember("server_name", .string(spec.serverName)),
      JSONMember("server_options", JSONValue(server)), JSONMember("rank", rank),
      JSONMember("ingress_arguments", texts(spec.ingress.arguments)),
      JSONMember("start_timeout_s", .number(manifest.rollout.healthyDeadlineSeconds)),
      JSONMember("drain_timeout_s", .number(manifest.rollout.drainTimeoutSeconds)),
    ])
  }

  /// How many replicas there are: beside the arguments, for a change of those restarts every deployment.
  private static func counts(_ manifest: Manifest) -> [JSONValue] {
    [
      .object([
        JSONMember("name", .string(manifest.serverDeploymentName)),
        count(manifest, manifest.groups, "llm_config.deployment_config"),
      ]),
      .object([
        JSONMember("name", .string(ingressName)),
        count(manifest, manifest.ingressReplicas, "ingress_deployment_config"),
      ]),
    ]
  }

  private static func count(_ manifest: Manifest, _ bounds: ReplicaBounds, _ section: String) -> JSONMember {
    guard bounds.minimum < bounds.maximum else { return JSONMember("num_replicas", .integer(bounds.minimum)) }
    return JSONMember(
      "autoscaling_config",
      JSONValue(
        manifest.given(in: section + ".autoscaling_config", withSecrets: true)
          .adding(.integer(bounds.minimum), at: ["min_replicas"])
          .adding(.integer(bounds.maximum), at: ["max_replicas"])))
  }
}
