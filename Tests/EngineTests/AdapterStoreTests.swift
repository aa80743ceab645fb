import Model
import OpenAI
import Platform
import Synchronization
import Testing

@testable import Engine

@Suite struct `The store of adapters` {
  private static let folder = Fixtures.toy + "/adapters"

  /// Counts readings of the toy's adapters.
  private final class Library: Sendable {
    let readings = Mutex<[String]>([])

    func read(_ source: AdapterSource) -> Result<LoRAAdapter, ModelError> {
      readings.withLock { $0.append(source.name) }
      return Result { () throws(ModelError) in
        try LoRAAdapter(folder: source.path, for: ModelConfiguration(folder: Fixtures.toy))
      }
    }
  }

  private let library = Library()

  private static func source(_ name: String, folder: String = "all") -> AdapterSource {
    AdapterSource(name: name, path: Self.folder + "/" + folder, card: name)
  }

  @Loop private func store(limit: Int, greatestRank: Int = 16, patience: Duration = .seconds(20))
    -> AdapterStore
  {
    AdapterStore(
      AdapterCatalogue(base: "toy", named: [:], folder: Self.folder), limit: limit,
      greatestRank: greatestRank,
      patience: patience
    ) { [library] in library.read($0) }
  }

  @Test @Loop func `reads an adapter once for all that wait for it`() async throws {
    let store = store(limit: 2)
    let tasks = (0..<8).map { _ in Task { @Loop in try await store.acquire(Self.source("a")) } }
    var scopes: Set<String> = []
    for task in tasks { scopes.insert(try await task.value.scope) }
    #expect(scopes.count == 1 && library.readings.withLock { $0 } == ["a"])
  }

  @Test @Loop func `lets the one go that was used longest ago, but none that is in use`() async throws {
    let store = store(limit: 2)
    let pinned = try await store.acquire(Self.source("pinned"))
    store.release(try await store.acquire(Self.source("b")))
    store.release(try await store.acquire(Self.source("c")))
    #expect(store.held == ["c", "pinned"])
    store.release(pinned)
    store.release(try await store.acquire(Self.source("c")))
    store.release(try await store.acquire(Self.source("d")))
    #expect(store.held == ["c", "d"])
    #expect(library.readings.withLock { $0 } == ["pinned", "b", "c", "d"])
  }

  @Test @Loop func `has a request wait while all that it may hold are in use`() async throws {
    let store = store(limit: 1)
    let first = try await store.acquire(Self.source("a"))
    let second = Task { @Loop in try await store.acquire(Self.source("b")) }
    await Task.yield()
    #expect(store.held == ["a"])
    store.release(first)
    #expect(try await second.value.adapter.rank == 4 && store.held == ["b"])
  }

  @Test @Loop func `refuses with 503 who waited in vain`() async throws {
    let store = store(limit: 1, patience: .milliseconds(200))
    let held = try await store.acquire(Self.source("a"))
    let error = await #expect(throws: APIError.self) { try await store.acquire(Self.source("b")) }
    #expect(error?.status == 503 && error?.message.contains("max_loras") == true)
    store.release(held)
  }

  @Test @Loop func `tells two readings of one name apart, as the prefix cache must`() async throws {
    let store = store(limit: 1)
    let first = try await store.acquire(Self.source("a"))
    store.forget("a")
    let second = try await store.acquire(Self.source("a"))
    #expect(first.scope != second.scope && first.adapter !== second.adapter)
  }

  @Test @Loop func `refuses an adapter of too high a rank, and one that cannot be read, each time`()
    async throws
  {
    let store = store(limit: 1, greatestRank: 3)
    for _ in 0..<2 {
      let error = await #expect(throws: APIError.self) { try await store.acquire(Self.source("a")) }
      #expect(error?.status == 400 && error?.message.contains("greater than max_lora_rank 3") == true)
      let missing = await #expect(throws: APIError.self) {
        try await store.acquire(Self.source("b", folder: "none"))
      }
      #expect(missing?.status == 400 && missing?.message.contains("No such file") == true)
    }
    #expect(store.held.isEmpty)
  }

  @Test(arguments: [
    ("queries", "queries"), ("toy:queries", "queries"), ("toy:nope", nil), ("../adapters/all", nil),
    ("..", nil),
    ("", nil), ("toy:", nil), ("other:all", nil),
  ])
  func `finds adapters of its folder by both names, and nothing outside of it`(model: String, found: String?)
  {
    let catalogue = AdapterCatalogue(base: "toy", named: [:], folder: Self.folder)
    #expect(catalogue.source(of: model)?.name == found)
    #expect(catalogue.sources.map(\.card) == ["toy:all", "toy:queries"])
  }
}
