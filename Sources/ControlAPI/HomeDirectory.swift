/// Where a controller keeps its state, sockets and logs; `DPDEPLOY_HOME` moves all of it.
public struct HomeDirectory: Sendable, Hashable {
  /// The folder's absolute path.
  public let path: String

  /// Uses `path`, without a slash at its end.
  public init(path: String) {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  /// The folder that `environment` names: `DPDEPLOY_HOME`, else `dpdeploy` under `XDG_STATE_HOME` or `~/.local/state`.
  ///
  /// - Returns: nil when not even `HOME` is set.
  public init?(environment: (String) -> String?) {
    func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    if let path = value("DPDEPLOY_HOME") {
      self.init(path: path)
    } else if let state = value("XDG_STATE_HOME") {
      self.init(path: state + "/dpdeploy")
    } else if let home = value("HOME") {
      self.init(path: home + "/.local/state/dpdeploy")
    } else {
      return nil
    }
  }

  /// The controller's API.
  public var controllerSocket: String { path + "/controller.sock" }
  /// Locked by the one controller that may live here.
  public var lock: String { path + "/lock" }
  /// Revisions, events and process records.
  public var stateDatabase: String { path + "/state.db" }
  /// What the controller itself says.
  public var controllerLog: String { path + "/logs/controller.log" }

  /// Where an application's processes write their logs.
  public func logs(of application: String) -> String { path + "/logs/" + application }
  /// Where an application's sockets and stats pages are.
  public func run(of application: String) -> String { path + "/run/" + application }
  /// Where an ingress replica behind a front takes clients, by the replica's id (`ingress-2`).
  public func clientSocket(of application: String, ingress id: String) -> String {
    "\(run(of: application))/\(id).http"
  }
}
