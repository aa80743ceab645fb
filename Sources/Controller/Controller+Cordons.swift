import ControlAPI
import Deployment

/// What the API asks for about replicas that shall get no new requests.
extension Controller {
  /// Keeps new requests away from replicas, or lets them in again, once that is on disk.
  func cordon(_ request: CordonRequest, of name: String) async throws(ControlError) -> CordonResult {
    let runner = try localRunner(name, "cordon replicas")
    let names = try names(request.replicas, of: name)
    try begin(name)
    defer { finish(name) }
    var stored = runner.stored
    if request.action == .uncordon {
      stored.cordons.subtract(names)
    } else {
      do { try runner.state.checkCordon(names, force: request.force == true) } catch {
        throw ControlError(error, of: name)
      }
      stored.cordons.formUnion(names)
    }
    try await write([.application(stored)])
    runner.setCordons(stored.cordons)
    if request.action == .drain { for name in names { runner.watchDrain(of: name) } }
    return CordonResult(application: name, cordoned: runner.state.cordons.map(\.description).sorted())
  }

  private func names(_ texts: [String], of application: String) throws(ControlError) -> Set<ReplicaName> {
    var names: Set<ReplicaName> = []
    for text in texts {
      guard let name = ReplicaName(text) else { throw .noReplica(text, of: application) }
      names.insert(name)
    }
    return names
  }
}

extension ControlError {
  fileprivate static func noReplica(_ name: String, of application: String) -> ControlError {
    ControlError(
      code: "not-found", message: "\(application) has no replica \(name); `dpdeploy status` lists them")
  }

  fileprivate init(_ error: CordonError, of application: String) {
    switch error {
    case .noSuch(let name): self = .noReplica("\(name)", of: application)
    case .last(let name):
      self.init(
        code: "conflict",
        message:
          "without \(name) nobody of \(application) takes requests; uncordon another one first, or use --force",
        exitCode: 9)
    }
  }
}
