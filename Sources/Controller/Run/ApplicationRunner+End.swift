import ControlAPI
import Deployment
import Platform
import Supervision

extension ApplicationRunner {
  /// Removes what the application leaves outside of its processes, and makes sure that none of those is left.
  func dismantle() async {
    let (home, name) = (surroundings.homeHash, stored.name)
    let isClean = await ProcessTree.killAll(until: .after(.seconds(5))) {
      $0.home == home && $0.application == name
    }
    if !isClean {
      record(
        EventRecord(.error, .controllerError, "processes of \(name) do not end although they were killed"))
    }
    directory.removeAll()
    sockets.closeAll(but: [])
    _ = try? await surroundings.store.commit([.forget(application: name)])
    onGone?()
  }

  /// Ends all processes because the controller goes; what is asked for stays, for the next one.
  func close(grace: Duration) async {
    isClosing = true
    _ = await ProcessTree.end(replicas.values.map(\.process), grace: grace)
    _ = await ProcessTree.end(ranks.values.map(\.process), grace: grace)
    directory.removeAll()
  }
}
