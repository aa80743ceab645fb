import Model
import OpenAI
import Platform

/// The adapters that a rank holds: at most so many, each read once for all that wait for it, beside the steps.
///
/// One that requests use stays; of the others the one that was used longest ago goes when room is needed. A step sees an
/// adapter with the sequences that come with it, so none changes under a step.
@Loop
final class AdapterStore {
  /// A hold on an adapter, from before its sequences begin until after they end.
  struct Lease: Sendable {
    let adapter: LoRAAdapter
    /// Tells its KV entries from those of all others, of an earlier reading of the same name too.
    let scope: String
    /// The adapter's name.
    var name: String { slot.source.name }
    fileprivate let slot: Slot
  }

  /// An adapter that is held, or being read.
  @Loop fileprivate final class Slot {
    let source: AdapterSource
    let scope: String
    let loaded = Signal()
    var outcome: Result<LoRAAdapter, APIError>?
    var holders = 0
    var lastUse = 0

    init(_ source: AdapterSource, serial: Int) {
      self.source = source
      scope = "\(source.name)#\(serial)"
    }
  }

  /// Reads an adapter, on a thread of its own.
  typealias Reading = @Sendable (AdapterSource) -> Result<LoRAAdapter, ModelError>

  var catalogue: AdapterCatalogue
  /// Adapters held at once.
  let limit: Int
  private let greatestRank: Int
  private let patience: Duration
  private let read: Reading
  private var slots: [String: Slot] = [:]
  private var freed = Signal()
  private var uses = 0
  private var serial = 0

  /// - Parameters:
  ///   - limit: Adapters held at once.
  ///   - greatestRank: The most that an adapter's rank may be.
  ///   - patience: How long a request waits for an adapter to be read, or for one to go.
  init(
    _ catalogue: AdapterCatalogue, limit: Int, greatestRank: Int, patience: Duration = .seconds(60),
    read: @escaping Reading
  ) {
    self.catalogue = catalogue
    self.limit = limit
    self.greatestRank = greatestRank
    self.patience = patience
    self.read = read
  }

  /// Names of the adapters that are being read for requests.
  var awaited: [String] { slots.values.filter { $0.outcome == nil }.map(\.source.name).sorted() }

  /// Names of all that are held.
  var held: [String] { slots.keys.sorted() }

  /// Takes hold of an adapter, reading it when it is not held.
  ///
  /// - Throws: 400 for one that cannot be computed, 503 when there was no room in time.
  func acquire(_ source: AdapterSource) async throws(APIError) -> Lease {
    let deadline = Instant.after(patience)
    while true {
      if let slot = slots[source.name], slot.source == source { return try await hold(slot, until: deadline) }
      // A name that means another folder than before: its old weights serve who holds them, and no one else.
      slots[source.name] = nil
      if makeRoom() {
        begin(source)
      } else {
        guard await freed.wait(until: deadline) else { throw noRoom }
      }
    }
  }

  private var noRoom: APIError {
    .unavailable(
      "All \(limit) adapters that max_loras allows are in use; raise max_loras, or try again later.")
  }

  private func hold(_ slot: Slot, until deadline: Instant) async throws(APIError) -> Lease {
    slot.holders += 1
    uses += 1
    slot.lastUse = uses
    let isLoaded = await slot.loaded.wait(until: deadline)
    guard isLoaded, let outcome = slot.outcome else {
      letGo(slot)
      throw .unavailable("The adapter \(slot.source.name) was not read in \(patience).")
    }
    do throws(APIError) {
      return Lease(adapter: try outcome.get(), scope: slot.scope, slot: slot)
    } catch {
      letGo(slot)
      throw error
    }
  }

  /// Ends a hold.
  func release(_ lease: Lease) { letGo(lease.slot) }

  private func letGo(_ slot: Slot) {
    slot.holders -= 1
    guard slot.holders == 0 else { return }
    freed.fire()
    freed = Signal()
  }

  /// Lets nobody new have an adapter of that name from this reading of it.
  func forget(_ name: String) {
    slots[name] = nil
    freed.fire()
    freed = Signal()
  }

  /// Whether one more may be read, after the one that was used longest ago has gone where that is needed.
  private func makeRoom() -> Bool {
    if slots.count < limit { return true }
    let idle = slots.values.filter { $0.holders == 0 }
    guard let oldest = idle.min(by: { $0.lastUse < $1.lastUse }) else { return false }
    slots[oldest.source.name] = nil
    ProcessLog.write("adapter \(oldest.source.name) makes room for another")
    return true
  }

  private func begin(_ source: AdapterSource) {
    serial += 1
    let slot = Slot(source, serial: serial)
    slots[source.name] = slot
    let finish: @Loop @Sendable (Result<LoRAAdapter, ModelError>) -> Void = { [weak self] result in
      self?.finish(slot, result)
    }
    do throws(EngineError) {
      try ComputeThread.start("adapter") { [read] in
        let result = read(source)
        Loop.task { finish(result) }
      }
    } catch {
      end(slot, .failure(.internalError("\(error)")))
    }
  }

  private func finish(_ slot: Slot, _ result: Result<LoRAAdapter, ModelError>) {
    switch result {
    case .success(let adapter) where adapter.rank > greatestRank:
      end(
        slot,
        .failure(
          .badRequest(
            "The adapter \(slot.source.name) has LoRA rank \(adapter.rank), greater than max_lora_rank"
              + " \(greatestRank); raise max_lora_rank.", parameter: "model")))
    case .success(let adapter):
      ProcessLog.write("adapter \(slot.source.name): rank \(adapter.rank), \(adapter.byteCount) bytes")
      end(slot, .success(adapter))
    case .failure(let error):
      end(
        slot,
        .failure(.badRequest("The adapter \(slot.source.name) cannot be used: \(error)", parameter: "model")))
    }
  }

  private func end(_ slot: Slot, _ outcome: Result<LoRAAdapter, APIError>) {
    slot.outcome = outcome
    // A failure is told to those who waited; the next request tries again.
    if case .failure = outcome, slots[slot.source.name] === slot { slots[slot.source.name] = nil }
    slot.loaded.fire()
  }
}
