public import ControlAPI

/// How a process ended.
public enum ProcessEnd: Sendable, Equatable, Codable, CustomStringConvertible {
  /// It returned this code.
  case exited(Int32)
  /// This signal killed it.
  case signalled(Int32)
  /// The kernel killed it for want of memory: what its group may have, and what it held itself when last looked at.
  case outOfMemory(limit: Int?, resident: Int?)
  /// It ended and nobody can say how.
  case unknown

  /// The exit code by which a process says that another try would end the same way (sysexits' EX_CONFIG).
  public static let configurationError: Int32 = 78

  /// Words for people: `exit 78`, `signal 9 (SIGKILL)`.
  public var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .signalled(let signal): "signal \(signal)\(Self.names[signal].map { " (\($0))" } ?? "")"
    case .outOfMemory(let limit, let resident):
      "signal 9 (SIGKILL), the kernel was out of memory: "
        + "\(resident.map { "it held \($0 >> 20) MiB, " } ?? "")"
        + (limit.map { "the limit of its control group is \($0 >> 20) MiB" } ?? "no control group limits it")
    case .unknown: "ended, status unknown"
    }
  }

  private static let names: [Int32: String] = [
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
    11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM",
  ]
}

/// Why a replica failed: what happened to it, and the last thing it said.
public struct Failure: Sendable, Equatable, Codable, CustomStringConvertible {
  /// What happened.
  public enum Cause: Sendable, Equatable, Codable {
    /// Its process ended.
    case ended(ProcessEnd)
    /// Its process could not be started; the text is the kernel's.
    case notStarted(String, isPermanent: Bool)
    /// Its start stood still in this phase.
    case stalled(ReplicaPhase, for: Duration)
    /// There was work for it, and it made no step.
    case stoodStill(for: Duration)
    /// It gave no sign of life.
    case silent(for: Duration)
    /// It lives, and did not take the rank table.
    case deaf(for: Duration)
    /// A process of it ended that it cannot serve without.
    case lost(part: String)
  }

  /// The replica's id.
  public let replica: String
  /// Its life.
  public let epoch: Int
  /// What happened.
  public let cause: Cause
  /// The last line of its log; nil when there is none.
  public let lastLine: String?
  /// The phase of the start in which it happened; nil when the replica was running.
  public let phase: ReplicaPhase?

  /// Records a failure.
  public init(replica: String, epoch: Int, cause: Cause, lastLine: String?, phase: ReplicaPhase?) {
    self.replica = replica
    self.epoch = epoch
    self.cause = cause
    self.lastLine = lastLine
    self.phase = phase
  }

  /// Whether another try would end the same way.
  public var isPermanent: Bool {
    switch cause {
    case .ended(.exited(ProcessEnd.configurationError)): true
    case .notStarted(_, let isPermanent): isPermanent
    default: false
    }
  }

  /// Ray's word for what this failure does to a deployment.
  var trigger: StatusTrigger { phase == nil ? .healthCheckFailed : .replicaStartupFailed }

  /// One line: who, how, when, and its last words.
  public var description: String {
    var text = "\(replica) "
    switch cause {
    case .ended(let end): text += "ended (\(end))"
    case .notStarted(let reason, _): text += "could not be started: \(reason)"
    case .stoodStill(let time): text += "made no step for \(time.words) while there was work for it"
    case .silent(let time): text += "gave no sign of life for \(time.words)"
    case .deaf(let time): text += "did not take the rank table for \(time.words)"
    case .lost(let part): text += "lost its process \(part)"
    case .stalled(let phase, let time): text += "stood still in \(phase.rawValue) for \(time.words)"
    }
    if let phase, case .ended = cause { text += " in \(phase.rawValue)" }
    guard let lastLine else { return text }
    // Who was killed could not say why, so its last line is no reason.
    switch cause {
    case .ended(.signalled), .ended(.outOfMemory), .stoodStill, .silent, .deaf:
      return text + "; its log ends with: \(lastLine)"
    default: return text + ": \(lastLine)"
    }
  }
}
