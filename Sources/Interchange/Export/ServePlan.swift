import Deployment
import Manifest
import VLLM

/// The ranks of a deployment as servers of their own: where each stands and listens, and what it is started with.
///
/// It is what the controller does with `engine: vllm`, but for the sockets: each rank has a port, and a proxy that
/// balances over these takes the ingress's place.
struct ServePlan {
  /// One `vllm serve`.
  struct Rank {
    let group: Int
    let number: Int
    let node: Int
    /// The name of its unit or container.
    let name: String
    let port: Int
    /// The devices it may see, as `CUDA_VISIBLE_DEVICES` has them.
    let devices: String
    /// What it adds to the arguments that all have.
    let arguments: [String]
  }

  let manifest: Manifest
  let command: ServeCommand
  let version: VLLMVersion
  let ranks: [Rank]
  let nodes: Int

  /// Plans a manifest's ranks; nil when there is an error among the remarks.
  static func make(_ manifest: Manifest) -> (plan: ServePlan?, remarks: [Diagnostic]) {
    let version = manifest.vllm?.version.flatMap(VLLMVersion.init) ?? .newestKnown
    let (command, remarks) = ServeCommand.compose(manifest, model: manifest.model.source, version: version)
    guard let command else { return (nil, remarks) }
    do {
      return (try ServePlan(manifest, command, version), remarks)
    } catch {
      return (nil, remarks + [error])
    }
  }

  private init(_ manifest: Manifest, _ command: ServeCommand, _ version: VLLMVersion) throws(Diagnostic) {
    self.manifest = manifest
    self.command = command
    self.version = version
    let places = try Self.places(manifest)
    let groups = manifest.parallelism.groups
    nodes = 1 + (places.joined().max() ?? 0)
    var taken = Array(repeating: 0, count: nodes)
    var ranks: [Rank] = []
    for (group, nodesOfRanks) in places.enumerated() {
      for (number, node) in nodesOfRanks.enumerated() {
        let devices = ServeCommand.visibleDevices(
          place: taken[node], perRank: command.devicesPerRank, of: command.devices)
        guard let devices else {
          throw Diagnostic(
            .doesNotFit, "`CUDA_VISIBLE_DEVICES` names too few devices for the ranks of a node",
            span: manifest.settings.span(of: "\(FieldPath.variables).CUDA_VISIBLE_DEVICES"),
            help: "name \((taken[node] + 1) * command.devicesPerRank) or more, or leave it out")
        }
        let port = Self.clientPort(manifest) + 1 + taken[node]
        taken[node] += 1
        ranks.append(
          Rank(
            group: group, number: number, node: node,
            name: (groups > 1 ? "g\(group)-" : "") + "dp\(number)", port: port, devices: devices,
            arguments: ["--host", nodes > 1 ? "0.0.0.0" : "127.0.0.1", "--port", "\(port)"]
              + ServeCommand.groupArguments(
                ServerPlace(number, of: nodesOfRanks.count),
                address: Self.address(of: nodesOfRanks[0], of: nodes),
                rendezvousPort: Self.rendezvousPort + group)))
      }
    }
    self.ranks = ranks
  }

  private static func places(_ manifest: Manifest) throws(Diagnostic) -> [[Int]] {
    let layout = manifest.parallelism
    do {
      return try RankAssignment(
        groups: layout.groups,
        engine: EngineSpec(
          size: layout.size, sizePerNode: layout.sizePerNode,
          capacity: manifest.engineArguments.maxNumSeqs,
          arguments: []),
        cluster: ClusterSpec(nodes: layout.nodes, devicesPerNode: layout.devicesPerNode)
      ).nodes
    } catch {
      throw Diagnostic(.doesNotFit, error.description, span: manifest.settings.span(of: FieldPath.nodes))
    }
  }
}

// What is the same for all.
extension ServePlan {
  /// vLLM's own default for where the ranks of a group meet; each group has the next.
  private static let rendezvousPort = 29_550

  /// The port clients connect to; a file needs a number where the manifest may leave the choice.
  static func clientPort(_ manifest: Manifest) -> Int {
    manifest.ingress.port == 0 ? 8000 : manifest.ingress.port
  }

  /// How a node is reached: alone by loopback, among several by a name that they have to be given.
  static func address(of node: Int, of nodes: Int) -> String { nodes > 1 ? "node-\(node)" : "127.0.0.1" }

  /// `vllm serve` and what all ranks have in common; a rank that is told to stop ends what it has begun.
  var arguments: [String] {
    let isGiven = manifest.settings.span(of: "\(FieldPath.engineArguments).shutdown_timeout") != nil
    guard !isGiven, FlagTable.presence(of: "shutdown-timeout", in: version) == .present else {
      return command.arguments
    }
    return command.arguments + ["--shutdown-timeout", "\(drainSeconds)"]
  }

  /// How long a rank may take to end its requests, in whole seconds.
  var drainSeconds: Int { Int(manifest.rollout.drainTimeoutSeconds.rounded(.up)) }

  var executable: String { manifest.vllm?.executable ?? "vllm" }

  /// The variables of every rank that are no secrets.
  var variables: [(name: String, value: String)] {
    command.environment.compactMap { variable in
      guard let sign = variable.firstIndex(of: "=") else { return nil }
      let name = String(variable[..<sign])
      return secretNames.contains(name) ? nil : (name, String(variable[variable.index(after: sign)...]))
    }
  }

  /// The variables whose values are not written.
  var secrets: [String] {
    command.environment.compactMap { $0.split(separator: "=").first.map(String.init) }
      .filter(secretNames.contains)
  }

  private var secretNames: Set<String> {
    Set(manifest.environment.filter(\.isSecret).map(\.name) + ["HF_TOKEN"])
  }

  /// Whether the model is a folder that has to be brought to where the ranks run.
  var modelFolder: String? {
    let source = manifest.model.source
    return source.hasPrefix("/") || source.hasPrefix(".") ? source : nil
  }

  /// What a reader should know before using a file, as lines of a comment.
  func header(_ what: String, _ usage: String, _ remarks: [Diagnostic]) -> String {
    let layout = manifest.parallelism
    let groups = layout.groups == 1 ? "" : "\(layout.groups) groups of "
    return """
      \(manifest.name): \(what), made by `dpdeploy export` for vLLM \(version).
      \(groups)\(layout.size) rank\(layout.size == 1 ? "" : "s") of \(manifest.model.id)\
      \(nodes > 1 ? " on \(nodes) nodes, which are called node-0 and so on here" : "") behind a proxy on port \
      \(Self.clientPort(manifest)).
      \(usage)
      """ + Rendition.comment(remarks)
  }
}
