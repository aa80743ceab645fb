import FoundationEssentials
import HTTP
import Platform

/// Clients that stream one answer after the other, and remember what became of each.
@Loop
final class StreamLoad {
  private(set) var traces: [StreamTrace] = []
  private var isStopped = false
  private var users: [Task<Void, Never>] = []
  private let endpoint: Endpoint
  private static let patience = Duration.seconds(30)

  init(users count: Int, at endpoint: Endpoint) {
    self.endpoint = endpoint
    users = (0..<count).map { _ in
      Task { while !self.isStopped { await self.ask() } }
    }
  }

  /// Waits for the answers that are under way.
  func stop() async {
    isStopped = true
    for user in users { await user.value }
  }

  /// Waits until so many more answers have come.
  func more(_ count: Int) async throws {
    let goal = traces.count + count
    try await wait(for: "\(count) more answers", every: .milliseconds(5)) { traces.count >= goal ? () : nil }
  }

  private func ask() async {
    let client = HTTPClient(endpoint)
    defer { client.closeIdle() }
    var head = HeadWriter(method: "POST", target: "/v1/chat/completions", host: "localhost")
    head.field("Content-Type", "application/json")
    let body = #"{"model":"toy","messages":[{"role":"user","content":"a"}],"stream":true}"#
    let start = Instant.now
    var text = ""
    do {
      let answer = try await client.send(
        "POST", head: head, body: Array(body.utf8), until: .after(Self.patience))
      while let piece = try await answer.read(until: .after(Self.patience)) {
        text += String(decoding: piece, as: UTF8.self)
      }
      add(start, text, answer.head.status == 200 ? nil : "status \(answer.head.status): \(text)")
    } catch {
      add(start, text, "\(error)")
    }
    // One that is refused must not ask at once again, or it would burn the processor.
    if traces.last?.isDone == false { await Loop.sleep(for: .milliseconds(20)) }
  }

  private func add(_ start: Instant, _ body: String, _ problem: String?) {
    let lines = body.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
    let text = lines.compactMap { line in
      line.firstRange(of: #""content":""#).map { line[$0.upperBound...].prefix { $0 != "\"" } }
    }.joined()
    let told = lines.first { $0.hasPrefix(#"{"error""#) }.map(String.init)
    traces.append(
      StreamTrace(
        start: start, end: .now, text: text, isDone: lines.last == "[DONE]", error: told ?? problem))
  }
}
