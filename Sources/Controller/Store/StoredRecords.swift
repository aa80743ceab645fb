import ControlAPI
import Deployment
import History
import Manifest
import Ray
import Supervision

/// An application that is to run, as it was applied last.
struct StoredApplication: Sendable, Equatable {
  var name: String
  /// Counts the accepted applies.
  var revision: Int
  /// The manifest's text of that revision.
  var manifest: String
  /// The manifest's absolute path; nil when it came from a pipe.
  var path: String?
  /// The folder from which relative paths count.
  var folder: String
  /// When it was applied first, RFC 3339.
  var createdAt: String
  /// The port that its ingress got; 0 when none was bound yet.
  var port: Int
  /// Whether it is being taken down.
  var isDeleting: Bool
  /// Numbers of replicas that take the place of the manifest's.
  var scale = Scale()
  /// Replicas that get no new requests.
  var cordons: Set<ReplicaName> = []
}

/// An accepted apply.
struct StoredRevision: Sendable, Equatable {
  var number: Int
  var manifest: String
  /// RFC 3339.
  var appliedAt: String
  /// Numbers of replicas that took the place of the manifest's.
  var scale = Scale()
}

/// A process that was, or was about to be, started.
struct StoredProcess: Sendable, Equatable {
  var token: ProcessToken
  /// Which process it became; nil while only the intent is written.
  var identity: ProcessIdentity?
}

/// Where a controller stands with an application: enough for another one to go on from there.
struct Checkpoint: Sendable, Codable {
  /// The uptime in which its times count and its processes may live.
  var bootID: String
  /// The state machine.
  var state: Application
  /// The load board's columns.
  var slots: [LoadBoards.Slot]
}

/// Everything that a controller finds at its start.
struct StoredState: Sendable {
  var applications: [StoredApplication] = []
  var processes: [StoredProcess] = []
  /// The last events, oldest first.
  var events: [Event] = []
  /// The last epoch of each group of each application.
  var epochs: [String: [Int: Int]] = [:]
  /// Where the former controller stood with each application; none where that cannot be read.
  var checkpoints: [String: Checkpoint] = [:]
  /// How far the revisions on Ray clusters had come.
  var rollouts: [String: RayRollout] = [:]
}

/// One change of the database; those of a batch become durable together.
enum StoreChange: Sendable {
  case application(StoredApplication)
  case forget(application: String)
  case checkpoint(application: String, Checkpoint)
  case rollout(application: String, RayRollout)
  case epoch(application: String, group: Int, epoch: Int)
  case intent(ProcessToken)
  case started(ProcessToken, ProcessIdentity)
  case ended(ProcessToken)
  case forgetProcesses(home: String)
  case event(Event)
  case audit(AuditEntry)
  case start(application: String, RankStart)
  case history(application: String, HistoryBlock)

  /// Whether it has to survive a crash of the machine: what runs, and what is told of it, ends with the machine anyway.
  var outlivesMachine: Bool {
    switch self {
    case .application, .forget, .rollout: true
    case .checkpoint, .epoch, .intent, .started, .ended, .forgetProcesses, .event, .audit, .start,
      .history:
      false
    }
  }
}
