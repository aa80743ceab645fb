import Platform

/// What was seen of a deployment from outside, for the judge.
///
/// The processes, the state database, what clients and commands got: nothing of it is the controller's word, but for the statuses, which are held against the rest.
struct Evidence {
  /// The processes of the home, seen again and again.
  var scans: [ProcessScan] = []
  /// What was there after the last delete had been acknowledged; nil before.
  var afterDelete: ProcessScan?
  /// What the state database says at the end; nil when it was not read.
  var store: StoreView?
  /// The changes that were acknowledged and are not deleted, oldest first.
  var acknowledged: [Acknowledgement] = []
  var commands: [CommandTrace] = []
  var streams: [StreamTrace] = []
  var statuses: [StatusTrace] = []
  /// Replicas that were killed on purpose.
  var kills: [KillTrace] = []
  /// How long deployments took to be HEALTHY again.
  var recoveries: [Duration] = []
  /// The controller at work; nil when it was not measured.
  var controller: ControllerUse?
  /// Lives that each rank may have at most.
  var mostLives = 8
  /// Whether some client request was allowed to fail, with an error that says so.
  var mayFail = false
}

/// A change that the controller said to have taken.
struct Acknowledgement: Equatable {
  let revision: Int
  let manifest: String
}

/// A command of an operator.
struct CommandTrace {
  let words: String
  let code: Int32?
  let took: Duration
  /// The time it had.
  let limit: Duration
}

/// A client's streamed request.
struct StreamTrace {
  let start: Instant
  let end: Instant
  let text: String
  /// Whether `[DONE]` came.
  var isDone = false
  /// What the stream, or the answer's status, said was wrong; nil when nothing did.
  var error: String?
}

/// A status that the controller told.
struct StatusTrace {
  let time: Instant
  let isHealthy: Bool
}

/// A replica that was killed.
struct KillTrace {
  /// `dp1`, `ingress-0`.
  let replica: String
  /// The life that it ended.
  let epoch: Int
}

/// What the controller takes of the machine.
struct ControllerUse {
  /// Of one processor, while nothing happened.
  var idleCPU: Double
  var residentBytes: Int
  /// Descriptors open when it had taken everything over, and at the end.
  var descriptors: (before: Int, after: Int)
  /// Children that nobody reaped.
  var zombies: Int
}
