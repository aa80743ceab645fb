import ControlAPI
import Glibc
import HTTP
import Platform
import Testing

/// A way in which deployments go wrong: how to bring one about for real, and the hint that must come first.
struct Drill: CustomTestStringConvertible, Sendable {
  /// What is wrong, in the seed guide's words where it has them.
  let state: String
  /// How the drill brings it about.
  let means: String
  /// The hint that must come first.
  let hint: String
  /// What the quickstart manifest says otherwise.
  var changes: [(from: String, to: String)] = []
  /// Who asks meanwhile.
  var users: [DrillUsers] = []
  /// Whether the deployment becomes HEALTHY at first.
  var starts = true
  /// Whether `make test` has time for it.
  var isShort = false
  /// What is done to the deployment.
  var act: @Loop @Sendable (Stage, ApplicationStatus) async throws -> Void = { _, _ in }

  var testDescription: String { state }

  /// The row of the table in `docs/operations.md`.
  var row: String { "| \(state) | \(means) | [\(hint)](#\(hint.lowercased())) |" }
}

/// Users who ask alike.
struct DrillUsers: Sendable {
  var count: Int
  var maxTokens = 64
  /// The rank that they insist on.
  var rank: Int?
}

/// Users who ask again as soon as they are answered, whatever the answer is, until they are told to stop.
@Loop
final class DrillLoad {
  private var isStopped = false
  private var asked = 0

  /// Lets users begin.
  init(_ groups: [DrillUsers], at endpoint: Endpoint) {
    for users in groups {
      for _ in 0..<users.count { Loop.task { await self.ask(as: users, endpoint) } }
    }
  }

  /// Lets them go once they are answered, or their deployment is gone.
  func stop() { isStopped = true }

  private func ask(as user: DrillUsers, _ endpoint: Endpoint) async {
    let client = HTTPClient(endpoint)
    defer { client.closeIdle() }
    var fields = [("Content-Type", "application/json")]
    if let rank = user.rank { fields.append(("X-data-parallel-rank", "\(rank)")) }
    while !isStopped {
      asked += 1
      let answer = try? await client.request(
        "POST", "/v1/completions", fields: fields, body: body(user), until: .after(.seconds(60)))
      // Refusals and broken connections come at once; asking again at once would only burn the processor.
      if answer?.status != 200 { await Loop.sleep(for: .milliseconds(50)) }
    }
  }

  /// No two prompts begin alike.
  private func body(_ user: DrillUsers) -> [UInt8] {
    let prompt = (0..<12).map { "w\((asked &* 7919 &+ $0 &* 104_729) % 9973)" }.joined(separator: " ")
    return Array(
      (#"{"model":"operator-moe","prompt":"\#(prompt)","max_tokens":\#(user.maxTokens),"#
        + #""ignore_eos":true,"temperature":0}"#).utf8)
  }
}
