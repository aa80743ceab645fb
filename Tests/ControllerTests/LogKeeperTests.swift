import ControlAPI
import Glibc
import Platform
import Testing

@testable import Controller

@Suite struct `Logs` {
  /// A folder that is removed afterwards.
  private func inFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/var/tmp/dpl-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in Folder.names(in: folder) { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    try body(folder)
  }

  private func open(_ path: String) -> Int32 {
    Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
  }

  private func write(_ lines: Range<Int>, to fd: Int32) {
    for start in stride(from: lines.lowerBound, to: lines.upperBound, by: 100) {
      let text = (start..<min(start + 100, lines.upperBound)).map { "line \($0) of a talkative process\n" }
        .joined()
      _ = text.withCString { Glibc.write(fd, $0, strlen($0)) }
    }
  }

  private func blocks(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
  }

  @Test func `that fill the disk keep their beginning and their end, while their process writes on`() throws {
    try inFolder { folder in
      let path = folder + "/0-1.e3.log"
      let fd = open(path)
      defer { close(fd) }
      let keeper = LogKeeper(folder: folder, limit: 1 << 20)
      var reader = LogReader(folder: folder).page(LogQuery(replica: "dp1", tail: 0, cursor: "0-1.e3.log=0"))
      #expect(reader.lines.isEmpty)
      for round in 0..<5 {
        write(round * 20_000..<(round + 1) * 20_000, to: fd)
        #expect(keeper.cutLongFiles() == [])
        #expect(blocks(path) <= 1 << 20)
      }
      write(100_000..<100_001, to: fd)
      let tail = LogReader(folder: folder).page(LogQuery(replica: "dp1", tail: 1, cursor: nil))
      #expect(tail.lines.map(\.text) == ["line 100000 of a talkative process"])
      var texts: [String] = []
      repeat {
        reader = LogReader(folder: folder).page(LogQuery(replica: "dp1", tail: 0, cursor: reader.cursor))
        texts += reader.lines.map(\.text)
      } while !reader.lines.isEmpty
      #expect(texts.first == "line 0 of a talkative process" && texts.last == tail.lines.last?.text)
      #expect(texts.count { $0.hasSuffix("so that it stays below 32 MiB]") } == 1)
      #expect(texts.allSatisfy { !$0.contains("\0") } && texts.count < 40_000)
    }
  }

  @Test func `of the last three lives of each rank are kept, and those of the ingress`() throws {
    try inFolder { folder in
      for life in [1, 2, 9, 10, 11] { close(open("\(folder)/0-0.e\(life).log")) }
      for name in ["0-1.e1.log", "1-0.e4.log", "ingress-0.log", "other.txt"] {
        close(open("\(folder)/\(name)"))
      }
      LogKeeper(folder: folder).forgetOldLives()
      #expect(
        Folder.names(in: folder).sorted() == [
          "0-0.e10.log", "0-0.e11.log", "0-0.e9.log", "0-1.e1.log", "1-0.e4.log", "ingress-0.log",
          "other.txt",
        ])
    }
  }
}
