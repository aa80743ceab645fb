import Manifest

/// A LeaderWorkerSet of vLLM: a group is one replica, a pod is a node's block of ranks, and all pods take requests.
///
/// Each pod balances over its own ranks (vLLM's hybrid load balancing), the Service over the pods.
struct LeaderWorkerSet {
  let parts: PodParts

  private var plan: ServePlan { parts.plan }
  private var name: String { parts.name }

  func file(_ remarks: [Diagnostic]) -> Rendition.File {
    parts.file(
      "lws", for: "vLLM \(plan.version)", place: ", \(parts.ranks) on a node",
      needs: "Needs the LeaderWorkerSet controller (0.9) and nodes of \(parts.devices) devices.",
      [set, service], remarks)
  }

  private var set: YAMLText {
    [
      "apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
      "metadata": ["name": .text(name)],
      "spec": spec,
    ]
  }

  private var spec: YAMLText {
    let steps: YAMLText = ["maxUnavailable": 1, "maxSurge": 0]
    return [
      "replicas": .noted("Groups.", .scalar(.integer(plan.manifest.parallelism.groups))),
      "rolloutStrategy": ["type": "RollingUpdate", "rollingUpdateConfiguration": steps],
      "leaderWorkerTemplate": template,
    ]
  }

  private var template: YAMLText {
    let labels: YAMLText = ["labels": ["app.kubernetes.io/name": .text(name)]]
    return [
      "size": .noted("Nodes of a group.", .scalar(.integer(parts.podsOfGroup))),
      "restartPolicy": .noted(
        "No rank of vLLM can rejoin a group that lives: all of its pods restart.",
        "RecreateGroupOnPodRestart"),
      "workerTemplate": ["metadata": labels, "spec": pod],
    ]
  }

  private var pod: YAMLText {
    let pod: YAMLText = [
      "terminationGracePeriodSeconds": .scalar(.integer(plan.drainSeconds + 30)), "containers": [container],
      "volumes": parts.volumes,
    ]
    return pod.adding("affinity", parts.podsOfGroup > 1 ? apart : nil)
  }

  /// No two blocks of a group share a node.
  private var apart: YAMLText {
    [
      "podAntiAffinity": [
        "requiredDuringSchedulingIgnoredDuringExecution": [
          [
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": ["matchLabels": ["app.kubernetes.io/name": .text(name)]],
            "matchLabelKeys": ["leaderworkerset.sigs.k8s.io/group-key"],
          ]
        ]
      ]
    ]
  }

  private var container: YAMLText {
    let address: YAMLText = [
      "name": "VLLM_HOST_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]],
    ]
    let container: YAMLText = [
      "name": "vllm", "image": .text("vllm/vllm-openai:v\(plan.version)"), "command": ["/bin/bash", "-c"],
      "args": [.block(script)], "env": parts.environment([address]),
      "ports": [["name": "http", "containerPort": .scalar(.integer(Self.port))]],
      "resources": ["limits": parts.limits()], "volumeMounts": parts.mounts,
    ]
    return probes.reduce(container.adding("securityContext", parts.securityContext)) {
      $0.adding($1.key, $1.value)
    }
  }

  private static let port = 8000
  private static let rendezvousPort = 29_550

  /// The controller tells each pod its place in its group.
  private var script: String {
    let layout = plan.manifest.parallelism
    let common = plan.arguments.map(Self.word).joined(separator: " ")
    var lines = ["exec vllm \(common)", "--host 0.0.0.0 --port \(Self.port)"]
    if layout.size > 1 { lines.append("--data-parallel-size \(layout.size)") }
    if layout.nodesPerGroup > 1 {
      let meeting =
        "--data-parallel-address \"$LWS_LEADER_ADDRESS\" --data-parallel-rpc-port \(Self.rendezvousPort)"
      lines.append(
        layout.sizePerNode == 1
          ? "--data-parallel-rank \"$LWS_WORKER_INDEX\" --data-parallel-external-lb"
          : "--data-parallel-size-local \(layout.sizePerNode) --data-parallel-hybrid-lb "
            + "--data-parallel-start-rank $((LWS_WORKER_INDEX * \(layout.sizePerNode)))")
      lines.append(meeting)
    }
    return lines.joined(separator: " \\\n  ") + "\n"
  }

  /// A word for the shell, in which Kubernetes finds no `$(NAME)` of its own.
  private static func word(_ word: String) -> String {
    CommandWords.shell(word).split(separator: "$(", omittingEmptySubsequences: false).joined(separator: "$$(")
  }

  /// A start may take as long as the manifest allows; /health is well before the model can answer, so /v1/models is asked.
  private var probes: [YAMLText.Member] {
    func probe(_ path: String, period: Int, timeout: Int, failures: Int) -> YAMLText {
      [
        "httpGet": ["path": .text(path), "port": "http"], "periodSeconds": .scalar(.integer(period)),
        "timeoutSeconds": .scalar(.integer(timeout)), "failureThreshold": .scalar(.integer(failures)),
      ]
    }
    let period = plan.seconds("health_check_period_s")
    let timeout = plan.seconds("health_check_timeout_s")
    let start = Int((plan.manifest.rollout.healthyDeadlineSeconds / 10).rounded(.up))
    return [
      .init(key: "startupProbe", value: probe("/health", period: 10, timeout: 5, failures: start)),
      .init(
        key: "livenessProbe",
        value: .noted(
          "vLLM answers 200 here even while it hangs: also watch vllm:iteration_tokens_total_count.",
          probe("/health", period: period, timeout: timeout, failures: 3))),
      .init(key: "readinessProbe", value: probe("/v1/models", period: 10, timeout: 5, failures: 3)),
      .init(
        key: "lifecycle",
        value: .noted(
          "No new requests come once the Service has let go of the pod; then vLLM ends those it has.",
          ["preStop": ["exec": ["command": ["sleep", "5"]]]])),
    ]
  }

  private var service: YAMLText {
    [
      "apiVersion": "v1", "kind": "Service", "metadata": ["name": .text(name)],
      "spec": [
        "selector": ["app.kubernetes.io/name": .text(name)],
        "ports": [
          [
            "name": "http", "port": .scalar(.integer(ServePlan.clientPort(plan.manifest))),
            "targetPort": "http",
          ]
        ],
      ],
    ]
  }
}

extension ServePlan {
  /// A time of Ray's `deployment_config`, in whole seconds.
  func seconds(_ field: String) -> Int {
    switch manifest.settings["llm_config.deployment_config.\(field)"]?.value {
    case .integer(let seconds)?: max(1, seconds)
    case .number(let seconds)?: max(1, Int(seconds.rounded(.up)))
    default: 10
    }
  }
}
