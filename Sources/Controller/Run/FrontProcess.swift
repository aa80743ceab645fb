import Deployment
import Glibc
import HAProxy
import Platform
import Supervision
import Telemetry

/// One life of an HAProxy as a process, and what it is told of the ingress replicas over its runtime socket.
@Loop
final class FrontProcess {
  let index: Int
  let life: Int
  let process: SupervisedProcess
  /// What `/proc` tells of it; it has no stats page.
  let meter: ProcessMeter<IngressStats>
  /// The version of the slots that it has taken.
  private(set) var taken = -1

  private let endpoint: Endpoint
  private let slotCount: Int
  private var wanted: FrontSlots
  private var changed = Signal()
  private var isStopped = false
  private static let answerTimeout = Duration.seconds(2)
  private static let retryInterval = Duration.milliseconds(20)
  /// An answer is a blank line for each command, or a few words.
  private static let longestAnswer = 65_536

  init(index: Int, life: Int, _ process: SupervisedProcess, socket: String, slots: FrontSlots, count: Int) {
    self.index = index
    self.life = life
    self.process = process
    endpoint = .unix(path: socket)
    wanted = slots
    slotCount = count
    meter = ProcessMeter(
      pid: process.identity.pid, pagePath: "", watched: [], start: MonotonicClock.seconds)
  }

  /// Has newer states taken over.
  func push(_ slots: FrontSlots) {
    wanted = slots
    wake()
  }

  /// Ends ``keepInformed(_:)``.
  func stopPushing() {
    isStopped = true
    wake()
  }

  private func wake() {
    let signal = changed
    changed = Signal()
    signal.fire()
  }

  /// Tells it what is new until it ends, and tells `acknowledged` of each version that it took.
  func keepInformed(_ acknowledged: (Int) -> Void) async {
    while process.exitStatus == nil, !isStopped {
      let slots = wanted
      if taken >= slots.version {
        let signal = changed
        _ = await signal.wait(until: .never)
      } else if await tell(RuntimeCommands(slots.states, slots: slotCount)) {
        taken = slots.version
        acknowledged(taken)
      } else {
        await Loop.sleep(for: Self.retryInterval)
      }
    }
  }

  /// Waits until it has taken `version`, at most until `deadline`.
  func hasTaken(_ version: Int, by deadline: Instant) async {
    while taken < version, process.exitStatus == nil, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(2))
    }
  }

  /// Whether it did all that was asked for.
  private func tell(_ commands: RuntimeCommands) async -> Bool {
    let deadline = Instant.after(Self.answerTimeout)
    guard let socket = try? await Socket.connect(to: endpoint, until: deadline) else { return false }
    defer { socket.close() }
    do {
      try await socket.write(Array(commands.line.utf8), until: deadline)
      let answer = try await Self.answer(on: socket, until: deadline)
      guard let objection = RuntimeCommands.objection(in: answer) else { return true }
      ProcessLog.write("warning: haproxy \(process.identity.pid) objects: \(objection)")
      return false
    } catch { return false }
  }

  /// All that it says before it closes the connection.
  private static func answer(on socket: Socket, until deadline: Instant) async throws(SystemError) -> String {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
    defer { buffer.deallocate() }
    while bytes.count < longestAnswer {
      let count = try await socket.read(into: buffer, until: deadline)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Has it take no more connections and end when those that it has are done with; whatever is left after `grace` is
  /// killed.
  ///
  /// - Returns: whether nothing is left.
  func end(grace: Duration) async -> Bool {
    if grace > .zero {
      process.send(SIGUSR1)
      _ = await process.exit(until: .after(grace))
    }
    return await ProcessTree.end([process], grace: .zero)
  }
}
