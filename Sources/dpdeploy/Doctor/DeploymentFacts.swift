import ControlAPI
import ControlClient
import Glibc
import Manifest
import Platform
import Supervision

/// What a manifest asks of the machine, and what of it is there.
struct DeploymentFacts: Sendable, Equatable {
  /// The port that the ingress is to listen on.
  enum Port: Sendable, Equatable {
    /// Whichever is free.
    case any
    case free(Int)
    /// The application runs, and has it.
    case ours(Int)
    case taken(Int, by: String)
    /// The kernel does not let us have it.
    case refused(Int, why: String)
  }

  /// The model's files.
  enum Model: Sendable, Equatable {
    case found(ModelOutline)
    case missing(String)
  }

  /// The HAProxy before the ingress.
  enum Front: Sendable, Equatable {
    case found(String)
    case missing(String)
  }

  var engine: EngineKind
  var ranks: Int
  var ingressReplicas: Int
  var model: Model
  var port: Port
  /// The vLLM that would run; nil when the engine is another.
  var vLLM: VLLMFacts?
  /// The HAProxy that the manifest asks for; nil when it asks for none.
  var front: Front?
}

extension DeploymentFacts {
  /// What `manifest`, a file of that name, asks of this machine.
  @Loop
  static func of(_ manifest: Manifest, named name: String, home: HomeDirectory) async -> DeploymentFacts {
    let running = try? await ControlClient(home: home).status().applications.first {
      $0.name == manifest.name
    }
    return DeploymentFacts(
      engine: manifest.engine, ranks: manifest.parallelism.totalRanks,
      ingressReplicas: manifest.ingressReplicas.minimum, model: model(manifest, name),
      port: port(manifest, running),
      vLLM: manifest.engine == .vllm
        ? await VLLMFacts.of(manifest, folder: ManifestFile.folder(of: name), running: running) : nil,
      front: front(manifest, name))
  }

  private static func front(_ manifest: Manifest, _ name: String) -> Front? {
    guard let program = manifest.ingress.haproxy?.executable else { return nil }
    let folder = ManifestFile.folder(of: name)
    let wanted =
      program.contains("/")
      ? ModelLookup(manifestFolder: folder, bundledFolders: []).path(of: program) : program
    return SearchPath.find(wanted).map(Front.found) ?? .missing(program)
  }

  private static func model(_ manifest: Manifest, _ name: String) -> Model {
    let source = manifest.model.source
    guard let folder = ManifestFile.modelFolder(source, manifestName: name),
      let outline = try? ModelOutline.read(folder: folder, source: source)
    else { return .missing(source) }
    return .found(outline)
  }

  private static func port(_ manifest: Manifest, _ running: ApplicationStatus?) -> Port {
    let port = manifest.ingress.port
    guard port != 0 else { return .any }
    let endpoint = Endpoint.tcp(host: manifest.ingress.host, port: UInt16(port))
    do {
      _ = try Listener.open(endpoint)
      return .free(port)
    } catch {
      guard error.code == EADDRINUSE else { return .refused(port, why: "\(error)") }
      let address = running?.endpoint.value ?? ""
      if address.hasSuffix(":\(port)") || address.contains(":\(port)/") { return .ours(port) }
      return .taken(port, by: PortHolder.find(port: port)?.description ?? "a process that is gone by now")
    }
  }
}
