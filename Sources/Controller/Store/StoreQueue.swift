import ControlAPI
import History
import Platform

/// Hands changes to the store in order, many in one transaction, without waiting for the disk.
///
/// While the disk is slow changes gather and go together. A failure (a full disk) is kept for the status, the changes
/// are tried again with the next ones, and supervision goes on.
@Loop
final class StoreQueue {
  let store: Store
  private var waiting: [StoreChange] = []
  private var isWriting = false
  private var idle = Signal()
  /// Why the last batch could not be written; nil when it could.
  private(set) var failure: StoreError?
  /// When a disk is full for long, older changes are given up.
  private static let mostWaiting = 10_000
  private static let longestWaitingHistory = 3600

  init(_ store: Store) { self.store = store }

  /// Adds changes that nobody has to wait for.
  func add(_ changes: [StoreChange]) {
    waiting += changes
    start()
  }

  /// Adds a checkpoint; one of the same application that still waits is out of date and gives way.
  func add(_ checkpoint: Checkpoint, of application: String) {
    waiting.removeAll {
      if case .checkpoint(application, _) = $0 { true } else { false }
    }
    add([.checkpoint(application: application, checkpoint)])
  }

  /// Adds a part of the past; while a disk is full for long, only the last hour of it is waited with.
  func add(_ block: HistoryBlock, of application: String) {
    let isOld = { (change: StoreChange) in
      if case .history(application, let old) = change {
        old.end < block.start - Self.longestWaitingHistory
      } else {
        false
      }
    }
    waiting.removeAll(where: isOld)
    add([.history(application: application, block)])
  }

  /// The revisions of `application`, oldest first.
  func revisions(of application: String) async throws(StoreError) -> [StoredRevision] {
    await flush()
    return try await store.revisions(of: application)
  }

  /// How long the ranks of `application` took to start, oldest first.
  func starts(of application: String) async throws(StoreError) -> [RankStart] {
    await flush()
    return try await store.starts(of: application)
  }

  /// The blocks of `application` with steps of `step` seconds that end after `time`, oldest first.
  func history(of application: String, step: Int, after time: Int) async throws(StoreError) -> [HistoryBlock]
  {
    await flush()
    return try await store.history(of: application, step: step, after: time)
  }

  /// Who asked for what, newest first, of one application or of all.
  func audit(of application: String?, most: Int) async throws(StoreError) -> [AuditEntry] {
    await flush()
    return try await store.audit(of: application, most: most)
  }

  /// Tries again what could not be written; a disk may have room again.
  func retry() { if failure != nil { start() } }

  private func start() {
    if waiting.count > Self.mostWaiting { waiting.removeFirst(waiting.count - Self.mostWaiting) }
    guard !isWriting, !waiting.isEmpty else { return }
    isWriting = true
    Loop.task { await self.write() }
  }

  /// Adds changes and waits until they, and all before them, are on disk.
  func commit(_ changes: [StoreChange]) async throws(StoreError) {
    await flush()
    isWriting = true
    let before = waiting
    waiting = []
    do { try await store.commit(before + changes) } catch {
      failure = error
      waiting = before + waiting
      finishWriting()
      throw error
    }
    failure = nil
    await write()
  }

  /// Adds changes and waits until they are on disk, or the disk refuses them: then they are tried again with later ones.
  func record(_ changes: [StoreChange]) async {
    add(changes)
    await flush()
  }

  /// Waits until nothing is on its way to the disk.
  func flush() async {
    while isWriting {
      let signal = idle
      _ = await signal.wait(until: .never)
    }
  }

  private func write() async {
    // What this turn of the loop still brings goes along: the intent of a launch with the checkpoint that asks for it.
    await Task.yield()
    while !waiting.isEmpty {
      let batch = waiting
      waiting = []
      do {
        try await store.commit(batch)
        failure = nil
      } catch {
        failure = error
        waiting = batch + waiting
        break
      }
    }
    finishWriting()
  }

  private func finishWriting() {
    isWriting = false
    let signal = idle
    idle = Signal()
    signal.fire()
  }
}
