import HTTP
import Platform

/// Asks a rank for one token: the only proof that it serves.
@Loop
struct Prober {
  let socket: String
  let model: String

  /// One completion may take so long.
  private static let timeout = Duration.seconds(30)

  private struct Request: Encodable {
    let model: String
    let prompt = "a"
    let maxTokens = 1
    let temperature = 0.0

    enum CodingKeys: String, CodingKey {
      case model, prompt, temperature
      case maxTokens = "max_tokens"
    }
  }

  private struct Answer: Decodable {
    struct Choice: Decodable {}
    let choices: [Choice]
  }

  /// Why the rank does not serve yet; nil when it answered with a completion.
  func attempt() async -> String? {
    let client = HTTPClient(.unix(path: socket))
    defer { client.closeIdle() }
    do {
      let answer = try await client.request(
        "POST", "/v1/completions", fields: [("Content-Type", "application/json")],
        body: encoded(Request(model: model)), until: .after(Self.timeout))
      guard answer.status == 200 else { return "its completion was answered \(answer.status)" }
      guard let completion = decoded(Answer.self, from: answer.body), !completion.choices.isEmpty else {
        return "its completion has no choices"
      }
      return nil
    } catch {
      return error.description
    }
  }
}
