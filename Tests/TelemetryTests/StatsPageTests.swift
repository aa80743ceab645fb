import Glibc
import Telemetry
import Testing

@Suite struct `Stats page` {
  @Test func `the reader sees what the writer wrote`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: RankStats.self)
    let reader = try StatsPageReader(path: path, role: RankStats.self)
    writer.enter(.loadWeights, progress: 0.5)
    writer.add(.expertRowsComputed, 40)
    writer.add(.expertRowsComputed, 2)
    writer.set(.threadCPUNanoseconds, Int64.max)
    writer.set(.maxNumSeqs, 0.1)
    for value in [0.001, 0.002, 4000, 1e-9, 1e9] { writer.record(.decode, value) }
    let snapshot = reader.snapshot()
    #expect(snapshot.pid == getpid())
    #expect(snapshot.phase == .loadWeights)
    #expect(snapshot.progress == 0.5)
    #expect(snapshot[.expertRowsComputed] == 42)
    #expect(snapshot[.threadCPUNanoseconds] == .max)
    #expect(snapshot[.steps] == 0)
    #expect(snapshot[.maxNumSeqs] == 0.1)
    var sketch = QuantileSketch()
    for value in [0.001, 0.002, 4000, 1e-9, 1e9] { sketch.record(value) }
    #expect(snapshot[.decode] == sketch)
    #expect(snapshot[.ttft] == QuantileSketch())
    #expect(writer.value(.expertRowsComputed) == 42)
    #expect(writer.value(.maxNumSeqs) == 0.1)
  }

  @Test func `tells whether a distribution has changed since it was read`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: IngressStats.self)
    let reader = try StatsPageReader(path: path, role: IngressStats.self)
    var stamps: Set<UInt64?> = [reader.stamp(of: .ttft)]
    for value in [0.1, 0.1, 0, 5, 0.2] {
      writer.record(.ttft, value)
      #expect(stamps.insert(reader.stamp(of: .ttft)).inserted)
      writer.record(.tpot, value)
      writer.add(.requests)
      #expect(!stamps.insert(reader.stamp(of: .ttft)).inserted)
    }
    #expect(!stamps.contains(nil))
  }

  @Test func `of an older writer, which does not say what buckets are in use, is read whole`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: RankStats.self)
    let reader = try StatsPageReader(path: path, role: RankStats.self)
    for value in [0.001, 0.002, 4000] { writer.record(.decode, value) }
    let said = reader[.decode]
    let fd = open(path, O_WRONLY)
    defer { close(fd) }
    let extents = [UInt64](repeating: 0, count: RankStats.Sketch.allCases.count)
    let place = off_t(17 * MemoryLayout<UInt64>.size)
    let written = extents.withUnsafeBytes { pwrite(fd, $0.baseAddress, $0.count, place) }
    #expect(written == extents.count * 8 && said.count == 3)
    #expect(reader[.decode] == said && reader[.ttft] == QuantileSketch() && reader.stamp(of: .decode) == nil)
    // Nonsense is no reason to read elsewhere.
    let nonsense = [UInt64](repeating: 9 << 48 | 1 << 32, count: extents.count)
    _ = nonsense.withUnsafeBytes { pwrite(fd, $0.baseAddress, $0.count, place) }
    #expect(reader[.decode] == said)
  }

  @Test func `says when the writer first came to a phase, and nothing of those it did not come to`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: RankStats.self)
    let reader = try StatsPageReader(path: path, role: RankStats.self)
    writer.enter(.spawn)
    writer.enter(.loadWeights, progress: 0.1)
    let first = try #require(reader.entryNanoseconds(of: .loadWeights))
    writer.enter(.loadWeights, progress: 0.9)
    #expect(reader.entryNanoseconds(of: .loadWeights) == first)
    #expect(try #require(reader.entryNanoseconds(of: .spawn)) <= first)
    #expect(reader.entryNanoseconds(of: .ready) == nil)
  }

  @Test func `slots do not overlap`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: IngressStats.self)
    for slot in IngressStats.Counter.allCases { writer.add(slot, slot.rawValue + 1) }
    for slot in IngressStats.Gauge.allCases { writer.set(slot, Double(slot.rawValue) + 0.5) }
    for slot in IngressStats.Sketch.allCases { for _ in 0...slot.rawValue { writer.record(slot, 1e9) } }
    let snapshot = try StatsPageReader(path: path, role: IngressStats.self).snapshot()
    for slot in IngressStats.Counter.allCases { #expect(snapshot[slot] == Int64(slot.rawValue) + 1) }
    for slot in IngressStats.Gauge.allCases { #expect(snapshot[slot] == Double(slot.rawValue) + 0.5) }
    for slot in IngressStats.Sketch.allCases { #expect(snapshot[slot].count == Int64(slot.rawValue) + 1) }
  }

  @Test func `the heartbeat moves by the monotonic clock`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let writer = try StatsPageWriter(path: path, role: IngressStats.self)
    let reader = try StatsPageReader(path: path, role: IngressStats.self)
    let before = reader.snapshot().heartbeatNanoseconds
    writer.beat()
    #expect(reader.snapshot().heartbeatNanoseconds > before)
    #expect(before > 0)
  }

  @Test func `a new page replaces the old one, whose reader keeps its own`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let first = try StatsPageWriter(path: path, role: IngressStats.self)
    let reader = try StatsPageReader(path: path, role: IngressStats.self)
    let second = try StatsPageWriter(path: path, role: IngressStats.self)
    first.add(.requests, 1)
    second.add(.requests, 5)
    #expect(reader.snapshot()[.requests] == 1)
    #expect(try StatsPageReader(path: path, role: IngressStats.self).snapshot()[.requests] == 5)
  }

  @Test func `a page of another role is refused`() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    _ = try StatsPageWriter(path: path, role: IngressStats.self)
    expectRefusal(path, "belongs to another role (2), not to a rank")
  }

  @Test(arguments: [
    (0, "not a stats page"), (8, "layout version"), (24, "another build"), (32, "another build"),
  ])
  func `a page with another header is refused`(offset: Int, problem: String) throws {
    let path = temporaryPath()
    defer { unlink(path) }
    _ = try StatsPageWriter(path: path, role: RankStats.self)
    let fd = open(path, O_RDWR)
    var byte: UInt8 = 0xEE
    #expect(pwrite(fd, &byte, 1, offset) == 1)
    close(fd)
    expectRefusal(path, problem)
  }

  @Test(arguments: [(0, "too short"), (300, "truncated"), (5000, "truncated")])
  func `a truncated page is refused`(size: Int, problem: String) throws {
    let path = temporaryPath()
    defer { unlink(path) }
    _ = try StatsPageWriter(path: path, role: RankStats.self)
    #expect(truncate(path, size) == 0)
    expectRefusal(path, problem)
  }

  @Test func `a missing page and a missing folder are told with their path`() {
    expectRefusal("/nonexistent/page", "open failed: No such file or directory")
    #expect { try StatsPageWriter(path: "/nonexistent/page", role: RankStats.self) } throws: {
      "\($0)".contains("/nonexistent/page")
    }
  }

  private func expectRefusal(_ path: String, _ problem: String) {
    #expect { try StatsPageReader(path: path, role: RankStats.self) } throws: { error in
      let text = "\(error)"
      return text.contains(path) && text.contains(problem)
    }
  }

  private func temporaryPath() -> String {
    "/tmp/stats-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  }
}
