import Manifest

/// A Compose file: a container for each rank, one for the proxy.
struct ComposeFile {
  private let plan: ServePlan

  init(_ plan: ServePlan) { self.plan = plan }

  func files(_ remarks: [Diagnostic]) -> [Rendition.File] {
    let usage = """
      Run it: docker compose up. Compose restarts no group when a rank ends: `docker compose restart` does.
      """
    let proxy = ProxyConfiguration(plan: plan)
    return [
      Rendition.File(
        "compose.yaml",
        YAMLText.comment(plan.header("containers", usage, oneMachine + remarks)).map { $0 + "\n" }.joined()
          + document(proxy).document),
      Rendition.File(proxy.name, proxy.text),
    ]
  }

  private var oneMachine: [Diagnostic] {
    plan.nodes == 1
      ? []
      : [
        Diagnostic(
          .notCarried,
          "Compose runs on one machine: give each node its part of the services, by `NODE` in their remarks")
      ]
  }

  private func document(_ proxy: ProxyConfiguration) -> YAMLText {
    [
      "name": .text(plan.manifest.name),
      "services": .map(
        plan.ranks.map { YAMLText.Member(key: $0.name, value: service($0)) } + [
          YAMLText.Member(key: "front", value: front(proxy))
        ]),
    ]
  }

  private func service(_ rank: ServePlan.Rank) -> YAMLText {
    let service: YAMLText = [
      "image": "vllm/vllm-openai:v\(plan.version)",
      "entrypoint": .list((["vllm"]).map { .text($0) }),
      "command": .list(command(rank)),
      "environment": environment(rank),
      // Ranks exchange rows through the devices of all of them, and meet by loopback, as processes of one machine do.
      "network_mode": "host",
      "ipc": "host",
      "ulimits": ["memlock": -1],
      "deploy": [
        "resources": [
          "reservations": ["devices": [["driver": "nvidia", "count": "all", "capabilities": ["gpu"]]]]
        ]
      ],
      "volumes": volumes,
      "stop_grace_period": "\(plan.drainSeconds + 10)s",
    ]
    return plan.nodes > 1 ? .noted("On node-\(rank.node).", service) : service
  }

  private func command(_ rank: ServePlan.Rank) -> [YAMLText] {
    var words = plan.arguments + rank.arguments
    if plan.modelFolder != nil, words.count > 1 { words[1] = Self.mountedModel }
    return words.map { .text(CommandWords.compose($0)) }
  }

  private func environment(_ rank: ServePlan.Rank) -> YAMLText {
    let plain = (plan.variables + [("CUDA_VISIBLE_DEVICES", rank.devices)]).map {
      YAMLText.Member(key: $0.0, value: .text(CommandWords.compose($0.1)))
    }
    let secret = plan.secrets.map {
      YAMLText.Member(
        key: $0, value: .text("${\($0):?is a secret: set it in the environment or in .env}"))
    }
    return .map(secret + plain)
  }

  private static let mountedModel = "/model"

  private var volumes: YAMLText {
    if let folder = plan.modelFolder { return [.text("\(folder):\(Self.mountedModel):ro")] }
    return ["${HF_HOME:-~/.cache/huggingface}:/root/.cache/huggingface"]
  }

  private func front(_ proxy: ProxyConfiguration) -> YAMLText {
    [
      "image": "haproxy:lts",
      "network_mode": "host",
      "volumes": [.text("./\(proxy.name):/usr/local/etc/haproxy/haproxy.cfg:ro")],
      "restart": "always",
    ]
  }
}
