import Manifest

/// HAProxy's configuration for the place of the ingress: one port, and a choice of ranks.
struct ProxyConfiguration {
  let plan: ServePlan

  /// The name of the file.
  var name: String { "\(plan.manifest.name).haproxy.cfg" }

  /// The whole file.
  var text: String {
    let ingress = plan.manifest.ingress
    let capacity = min(
      plan.manifest.engineArguments.maxNumSeqs, plan.manifest.maxOngoingRequests ?? .max)
    let servers = plan.ranks.map { rank in
      "  server \(rank.name) \(ServePlan.address(of: rank.node, of: plan.nodes)):\(rank.port)"
        + " check inter 1s fall 1 rise 1 maxconn \(capacity)\n"
    }
    return """
      # The port of \(plan.manifest.name): requests wait here until a rank has room (`max_num_seqs`), and go to a rank that
      # answers /health. What dpdeploy's ingress does beyond that (replay, API keys, sessions of a prefix) is not here.
      global
        log stderr format raw local0
      defaults
        mode http
        timeout connect 5s
        timeout queue \(Self.time(ingress.maxQueueWaitSeconds))
        timeout client \(Self.time(ingress.requestTimeoutSeconds))
        timeout server \(Self.time(ingress.requestTimeoutSeconds))
      frontend clients
        bind \(ingress.host):\(ServePlan.clientPort(plan.manifest))
        default_backend ranks
      backend ranks
      \(balance)
        option httpchk GET /health
        http-check expect status 200
      \(servers.joined())
      """
  }

  /// The manifest's policy in HAProxy's words.
  private var balance: String {
    switch plan.manifest.ingress.policy {
    case .roundRobin: "  balance roundrobin"
    case .leastLoaded: "  balance leastconn"
    case .random: "  balance random(1)"
    case .session: "  balance hdr(X-Session-ID)\n  hash-type consistent"
    case .powerOfTwo: "  balance random(2)"
    case .prefixAware: "  # `prefix_aware` has no counterpart here.\n  balance random(2)"
    }
  }

  private static func time(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded(.up)))ms" }
}
