import ControlAPI
import Manifest
import Platform
import Ray
import RayClient
import Supervision

/// What there is of the Ray cluster that a manifest asks for.
struct ClusterFacts: Sendable, Equatable {
  /// What a question to it brought.
  enum Answer: Sendable, Equatable {
    case good(String)
    /// Why the application cannot be there.
    case bad(RayError)
    /// It was not asked, as an earlier answer was bad.
    case none
  }

  /// Whether it answers, takes the token, and is new enough.
  var release = Answer.none
  /// Whether Serve is installed, and the application's name is free or ours.
  var serve = Answer.none
  /// Whether its nodes would hold the ranks if they were empty.
  var nodes = Answer.none
  /// Whether they do beside what others hold.
  var room = Answer.none
}

extension ClusterFacts {
  /// Asks the cluster of `manifest`, a file of that name; declares nothing.
  @Loop
  static func of(_ manifest: Manifest, named name: String, home: HomeDirectory) async -> ClusterFacts {
    let lookup = ModelLookup(manifestFolder: ManifestFile.folder(of: name), bundledFolders: [])
    let cluster = RayCluster(
      address: manifest.cluster.address ?? "",
      token: ClusterToken(file: manifest.cluster.tokenFile.map(lookup.path)))
    let application = RayServeApplication(manifest, model: "")
    let preflight = ClusterPreflight(cluster: cluster, application: application, name: manifest.name)
    var facts = ClusterFacts()
    func ask<Found>(
      _ place: WritableKeyPath<ClusterFacts, Answer>, _ question: () async throws(RayError) -> (Found, String)
    ) async -> Found? {
      do throws(RayError) {
        let (found, words) = try await question()
        facts[keyPath: place] = .good(words)
        return found
      } catch {
        facts[keyPath: place] = .bad(error)
        return nil
      }
    }
    let needs = Placement.need(application.blocks, of: application.bundle)
    guard
      await ask(
        \.release,
        { () throws(RayError) in
          let version = try await cluster.version()
          return (version, "Ray \(version) answers at \(cluster.address)")
        }) != nil
    else { return facts }
    _ = await ask(
      \.serve,
      { () throws(RayError) in
        let details = try await preflight.details(owner: ProcessToken.hash(ofHome: home.path))
        let others = details.applications.count { $0.name != manifest.name }
        return (details, "Serve is there, with \(others) other applications")
      })
    let nodes = await ask(
      \.nodes,
      { () throws(RayError) in
        let nodes = try await preflight.nodes()
        return (nodes, "\(nodes.count(where: \.isAlive)) nodes would hold \(needs) if they were empty")
      })
    guard let nodes else { return facts }
    _ = await ask(
      \.room,
      { () throws(RayError) in
        try await preflight.checkFree(on: nodes)
        return ((), "\(needs) has room now, or Ray does not tell what is taken")
      })
    return facts
  }

  /// The answers as checks.
  var checks: [Check] {
    [("cluster", release), ("serve", serve), ("nodes", nodes), ("room", room)].map { id, answer in
      switch answer {
      case .good(let words): return Check(id, .pass, words)
      case .none: return Check(id, .skip, "not asked")
      case .bad(let error):
        // An error says what is wrong, and behind the semicolon what to do.
        let parts = error.description.split(separator: "; ", maxSplits: 1).map(String.init)
        return Check(id, .fail, parts[0], cure: parts.count > 1 ? parts[1] : nil)
      }
    }
  }
}
