import Glibc
import Telemetry
import Testing

@Suite struct `An expert table` {
  private func withPath(_ body: (String) throws -> Void) rethrows {
    let path = "/tmp/expert-table-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { unlink(path) }
    try body(path)
  }

  @Test func `shows its reader what was written, layer by layer`() throws {
    try withPath { path in
      let writer = try ExpertTableWriter(path: path, layers: 3, experts: 5)
      let reader = try ExpertTableReader(path: path)
      #expect(reader.layers == 3 && reader.experts == 5 && reader.rows() == Array(repeating: 0, count: 15))
      writer.set(7, layer: 0, expert: 4)
      writer.set(9, layer: 2, expert: 1)
      #expect(reader.rows()[4] == 7 && reader.rows()[11] == 9 && reader.rows().reduce(0, +) == 16)
    }
  }

  @Test func `is refused when cut off or something else`() throws {
    try withPath { path in
      _ = try ExpertTableWriter(path: path, layers: 3, experts: 5)
      truncate(path, 100)
      #expect { try ExpertTableReader(path: path) } throws: { "\($0)".contains("truncated to 100 of 184") }
      _ = try StatsPageWriter(path: path, role: RankStats.self)
      #expect { try ExpertTableReader(path: path) } throws: { "\($0)".contains("not an expert table") }
    }
  }
}
