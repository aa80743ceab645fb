import Glibc
import Platform
import Synchronization

/// A named instant at which a test can have the controller killed, as a crash would do.
///
/// The file named by ``variable`` says which: `NAME`, or `NAME COUNT` for the so-manieth time that the controller comes
/// there. Each writing of the file kills once, as the file is removed first. Without the variable an instant costs one
/// comparison.
public enum Failpoint: String, CaseIterable, Sendable {
  /// An apply was read and checked; nothing of it is on disk.
  case applyAccepted = "apply.accepted"
  /// An apply is on disk; nothing was started, and nobody was told.
  case applyRecorded = "apply.recorded"
  /// A transaction of the state database is about to begin.
  case storeBegins = "store.begins"
  /// A transaction of the state database has been committed; nobody has heard of it.
  case storeCommitted = "store.committed"
  /// An application's state machine has moved; nothing of what follows was done.
  case effectsBegin = "effects.begin"
  /// Of several things that follow the first was done.
  case effectsHalf = "effects.half"
  /// The intent to start ranks is on disk; none was started.
  case rankIntended = "rank.intended"
  /// A rank's process was started; that is on no record.
  case rankStarted = "rank.started"
  /// A rank's end was seen; the state machine was not told.
  case rankEnded = "rank.ended"
  /// Ranks are about to be ended.
  case ranksStopping = "ranks.stopping"
  /// A group is about to be drained.
  case drainBegins = "drain.begins"
  /// A group has no request left; the state machine was not told.
  case drainDone = "drain.done"
  /// The intent to start ingress replicas is on disk; none was started.
  case ingressIntended = "ingress.intended"
  /// An ingress replica's process was started; that is on no record.
  case ingressStarted = "ingress.started"
  /// An ingress replica's end was seen; the state machine was not told.
  case ingressEnded = "ingress.ended"
  /// An ingress replica is about to be ended.
  case ingressStopping = "ingress.stopping"
  /// A failed revision is about to be taken back.
  case rollbackBegins = "rollback.begins"
  /// A delete is on disk; nothing was ended.
  case deleteRecorded = "delete.recorded"
  /// No process of a deleted application is left; its files are.
  case dismantleSwept = "dismantle.swept"
  /// A deleted application is forgotten on disk; the controller still tells of it.
  case dismantleForgotten = "dismantle.forgotten"
  /// A new controller has read what the former one left, and touched nothing.
  case adoptionBegins = "adoption.begins"
  /// A new controller has ended what nobody asked for.
  case adoptionSwept = "adoption.swept"
  /// A new controller has taken an application over, and answers nobody yet.
  case adoptionDone = "adoption.done"
  /// A controller that was told to stop has let go of everything, and holds its lock still.
  case stopping = "controller.stopping"

  /// The environment variable with the path of the file that arms an instant.
  public static let variable = "DPDEPLOY_FAILPOINT_FILE"

  private static let file = Environment[variable]
  private static let passes = Mutex([Failpoint: Int]())

  /// Dies here if this is the instant.
  func pass() {
    guard let file = Self.file else { return }
    let words = Self.text(of: file).split(whereSeparator: \.isWhitespace)
    guard let name = words.first, name == rawValue else { return }
    let count = Self.passes.withLock {
      $0[self, default: 0] += 1
      return $0[self, default: 0]
    }
    guard count >= words.dropFirst().first.flatMap({ Int($0) }) ?? 1 else { return }
    unlink(file)
    kill(getpid(), SIGKILL)
    // The signal may take a moment to reach another thread; nothing may be done in it.
    while true { pause() }
  }

  private static func text(of path: String) -> String {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return "" }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = bytes.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
