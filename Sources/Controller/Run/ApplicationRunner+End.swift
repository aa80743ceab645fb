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
    await sweep?.value
    Failpoint.dismantleSwept.pass()
    directory.removeAll()
    sockets.closeAll(but: [])
    await surroundings.store.record([.forget(application: name)])
    Failpoint.dismantleForgotten.pass()
    onGone?()
  }

  /// Lets go of all processes because the controller goes; they run on, for the next one to take over.
  func leave() {
    writeCheckpoint()
    if let minute = recorder.take() { surroundings.store.add(minute, of: stored.name) }
    isClosing = true
    for replica in replicas.values { replica.stopPushing() }
    for front in fronts.values { front.stopPushing() }
  }
}
