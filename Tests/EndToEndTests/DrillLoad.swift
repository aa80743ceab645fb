import HTTP
import Platform

/// Users who ask alike.
struct DrillUsers: Sendable {
  var count: Int
  /// The model that they ask for.
  var model = "operator-moe"
  var maxTokens = 64
  /// The prompt's length in words, each of several tokens.
  var words = 12
  /// Bytes of the body that no model gets to read.
  var padding = 0
  /// How long they think before they ask again.
  var pause = Duration.zero
  /// The rank that they insist on.
  var rank: Int?
}

/// Users who ask again as soon as they are answered, whatever the answer is, until they are told to stop.
@Loop
final class DrillLoad {
  private var isStopped = false
  private var asked = 0
  /// Questions that were answered.
  private(set) var answered = 0

  /// Lets users begin.
  init(_ groups: [DrillUsers], at endpoint: Endpoint) {
    for users in groups {
      let padding = String(repeating: "x", count: users.padding)
      for _ in 0..<users.count { Loop.task { await self.ask(as: users, padding, endpoint) } }
    }
  }

  /// Lets them go once they are answered, or their deployment is gone.
  func stop() { isStopped = true }

  private func ask(as user: DrillUsers, _ padding: String, _ endpoint: Endpoint) async {
    let client = HTTPClient(endpoint)
    defer { client.closeIdle() }
    var fields = [("Content-Type", "application/json")]
    if let rank = user.rank { fields.append(("X-data-parallel-rank", "\(rank)")) }
    while !isStopped {
      asked += 1
      let answer = try? await client.request(
        "POST", "/v1/completions", fields: fields, body: body(user, padding), until: .after(.seconds(60)))
      guard answer?.status != 200 else {
        answered += 1
        await Loop.sleep(for: user.pause)
        continue
      }
      // Who is refused comes anew, and not at once, which would only burn the processor.
      client.closeIdle()
      await Loop.sleep(for: .milliseconds(50))
    }
  }

  private static let vocabulary = """
    a rank owns its requests and their blocks while the experts of all layers are shared by the group so every step waits \
    for the slowest one when prompts are long the queue grows in front of the ingress and latency follows until load falls
    """.split(separator: " ")

  /// No two prompts begin alike.
  private func body(_ user: DrillUsers, _ padding: String) -> [UInt8] {
    let prompt =
      "\(asked) "
      + (0..<user.words).map { Self.vocabulary[(asked * 31 + $0 * (7 + asked % 13)) % Self.vocabulary.count] }
      .joined(separator: " ")
    return Array(
      (#"{"model":"\#(user.model)","prompt":"\#(prompt)","max_tokens":\#(user.maxTokens),"#
        + #""ignore_eos":true,"temperature":0,"user":"\#(padding)"}"#).utf8)
  }
}
