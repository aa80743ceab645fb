import ControlAPI
import Glibc
import Platform
import Testing

@testable import Controller

@Suite struct `Asking for logs` {
  /// Two groups of two ranks, of which one lived before, and an ingress replica.
  private func inFolder(_ body: (LogReader) throws -> Void) throws {
    var template = Array("/var/tmp/dpq-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in Folder.names(in: folder) { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    let files = [
      "0-0.e1.log": [at(1, "old start"), at(2, "old end")],
      "0-0.e3.log": [at(10, "start"), "  goes on", at(30, "served")],
      "0-1.e3.log": [at(20, "start")],
      "1-0.e2.log": [at(15, "start")],
      "ingress-0.log": [at(12, "start"), at(25, "table 1"), at(24, "late thread"), at(40, "end")],
    ]
    for (name, lines) in files {
      let fd = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(fd) }
      let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
      try #require(write(fd, bytes, bytes.count) == bytes.count)
    }
    try body(LogReader(folder: folder))
  }

  private func stamp(_ second: Int) -> String { "2026-08-01T10:00:\(second < 10 ? "0" : "")\(second).500Z" }
  private func at(_ second: Int, _ text: String) -> String { "\(stamp(second)) \(text)" }

  /// What is told, each line as its replica and what it says after its time.
  private func told(_ reader: LogReader, _ change: (inout LogQuery) -> Void) -> [String] {
    var query = LogQuery()
    change(&query)
    return reader.page(query).lines.map {
      let words = LogMerge.ownTime(of: $0.text) == nil ? $0.text[...] : $0.text.dropFirst(25)
      return "\($0.replica) \(words)"
    }
  }

  @Test func `gives one stream by time, in which no line passes another of its file`() throws {
    try inFolder { reader in
      #expect(
        told(reader) { _ in } == [
          "dp0 start", "dp0   goes on", "ingress-0 start", "g1-dp0 start", "dp1 start", "ingress-0 table 1",
          "ingress-0 late thread", "dp0 served", "ingress-0 end",
        ])
      let lines = reader.page(LogQuery(replica: "dp0")).lines
      #expect(lines.map(\.time) == [stamp(10), stamp(10), stamp(30)] && lines.allSatisfy { $0.epoch == 3 })
    }
  }

  @Test func `chooses by rank, group, life, text and time`() throws {
    try inFolder { reader in
      #expect(told(reader) { $0.rank = 0 } == ["dp0 start", "dp0   goes on", "g1-dp0 start", "dp0 served"])
      #expect(told(reader) { $0.group = 1 } == ["g1-dp0 start"])
      #expect(told(reader) { ($0.group, $0.rank) = (0, 1) } == ["dp1 start"])
      #expect(told(reader) { $0.isPrevious = true } == ["dp0 old start", "dp0 old end"])
      #expect(told(reader) { $0.epoch = 2 } == ["g1-dp0 start"])
      #expect(told(reader) { $0.text = "goes" } == ["dp0   goes on"])
      #expect(
        told(reader) { $0.since = stamp(25) } == ["ingress-0 table 1", "dp0 served", "ingress-0 end"])
      #expect(told(reader) { ($0.text, $0.tail, $0.rank) = ("s", 1, 0) } == ["g1-dp0 start", "dp0 served"])
    }
  }

  @Test func `goes on after a page with what was chosen`() throws {
    try inFolder { reader in
      var query = LogQuery()
      (query.rank, query.group) = (0, 1)
      query.cursor = reader.page(query).cursor
      #expect(reader.page(query).lines.isEmpty)
      query.cursor = "1-0.e2.log=0"
      #expect(reader.page(query).lines.map(\.text) == [at(15, "start")])
    }
  }

  @Test func `keeps its parameters on their way to the controller and back`() {
    var query = LogQuery(replica: "ingress-1", tail: 7, cursor: "0-0.e1.log=5")
    (query.group, query.rank, query.epoch, query.isPrevious) = (1, 2, 3, true)
    (query.text, query.since) = ("a & b", stamp(1))
    let parameters = Dictionary(uniqueKeysWithValues: query.parameters.map { ($0.name, $0.value) })
    #expect(LogQuery { parameters[$0] } == query)
    #expect(LogQuery { _ in nil } == LogQuery())
  }
}
