import Manifest

/// A RayService of KubeRay whose nodes are as large as a block of ranks, so that Ray can place the ranks in no other way.
struct RayService {
  let parts: PodParts

  private var plan: ServePlan { parts.plan }
  private var name: String { parts.name }

  func file(_ remarks: [Diagnostic]) -> Rendition.File {
    parts.file(
      "rayservice", for: "Ray \(Self.release)", place: " on \(nodes) nodes of \(parts.devices) devices each",
      needs: "Needs the KubeRay operator (1.7).",
      use: "Clients reach the Service \(name)-serve-svc, port \(port).", [document], remarks)
  }

  /// The release whose builder takes these arguments.
  private static let release = "2.60.0"
  private static let image = "rayproject/ray-llm:\(release)-py311-cu128"

  private var port: Int { ServePlan.clientPort(plan.manifest) }
  private var nodes: Int { plan.manifest.parallelism.groups * parts.podsOfGroup }

  private var document: YAMLText {
    [
      "apiVersion": "ray.io/v1", "kind": "RayService", "metadata": ["name": .text(name)],
      "spec": [
        "serveConfigV2": .block(RayServeFile(plan.manifest).onKubernetes(port: port)),
        "excludeHeadPodFromServeSvc": true,
        "upgradeStrategy": .noted(
          "A change of the cluster is applied by hand: NewCluster, the default, needs all devices twice.",
          ["type": "None"]),
        "rayClusterConfig": [
          "rayVersion": .text(Self.release), "headGroupSpec": head, "workerGroupSpecs": [workers],
        ],
      ],
    ]
  }

  private var head: YAMLText {
    let ports = [("gcs", 6379), ("dashboard", 8265), ("metrics", 8080), ("client", 10_001), ("serve", port)]
    let container: YAMLText = [
      "name": "ray-head", "image": .text(Self.image),
      "ports": .list(ports.map { ["name": .text($0.0), "containerPort": .scalar(.integer($0.1))] }),
      "resources": ["limits": ["cpu": "4", "memory": "16Gi"], "requests": ["cpu": "4", "memory": "16Gi"]],
    ]
    return [
      "rayStartParams": .noted(
        "Nothing runs on the head, so that no rank lands beside it.",
        ["num-cpus": "0", "dashboard-host": "0.0.0.0"]),
      "template": ["spec": ["containers": [container]]],
    ]
  }

  private var workers: YAMLText {
    let count = YAMLText.scalar(.integer(nodes))
    return [
      "groupName": "ranks", "replicas": .noted("One for each block of ranks.", count), "minReplicas": count,
      "maxReplicas": count, "numOfHosts": 1,
      "rayStartParams": ["num-gpus": .text("\(parts.devices)"), "num-cpus": .text("\(cpus)")],
      "template": ["spec": pod],
    ]
  }

  private var pod: YAMLText {
    let container: YAMLText = [
      "name": "ray-worker",
      "image": .noted("With the CUDA release of your nodes.", .text(Self.image)),
      // The Serve config has the variables themselves.
      "env": parts.environment(withVariables: false),
      "ports": [["name": "serve", "containerPort": .scalar(.integer(port))]],
      "resources": .noted(
        "A node is exactly one block of \(parts.ranks) ranks. Memory is yours to add: the weights pass through it.",
        ["limits": parts.limits([.init(key: "cpu", value: .text("\(cpus)"))])]),
      "volumeMounts": parts.mounts,
    ]
    return [
      "terminationGracePeriodSeconds": .scalar(.integer(plan.drainSeconds + 30)),
      "containers": [container.adding("securityContext", parts.securityContext)], "volumes": parts.volumes,
    ]
  }

  /// A CPU for each rank's replica, and the node's share of the ingress replicas with what each takes.
  private var cpus: Int {
    let ingress = Double(plan.manifest.ingressReplicas.maximum) * cpusOfIngress / Double(nodes)
    return parts.ranks + Int(ingress.rounded(.up)) + 1
  }

  private var cpusOfIngress: Double {
    switch plan.manifest.settings["ingress_deployment_config.ray_actor_options"]?.value["num_cpus"] {
    case .integer(let count)?: Double(count)
    case .number(let count)?: count
    default: 1
    }
  }
}
