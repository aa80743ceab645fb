import ControlAPI
import HTTP
import Platform
import Testing

/// What the tests look at in an application's status.
extension ApplicationStatus {
  var isHealthy: Bool { status == .running && deployments.allSatisfy { $0.status == .healthy } }

  func replicas(_ role: ReplicaRole) -> [ReplicaStatus] {
    deployments.flatMap(\.replicas).filter { $0.role == role }
  }

  /// The process ids of a role; a replica without a process has none.
  func pids(_ role: ReplicaRole) -> Set<Int32> { Set(replicas(role).compactMap(\.pid.value)) }

  /// The lives of the ranks.
  var epochs: Set<Int> { Set(replicas(.rank).compactMap(\.epoch)) }
}

extension Stage {
  /// The quickstart application, as the status tells it; nil when it tells none.
  func application() async throws -> ApplicationStatus? {
    try await look().status.applications.first { $0.name == "quickstart" }
  }

  /// Applies a manifest and waits until it is HEALTHY.
  @discardableResult
  func deploy(_ path: String) async throws -> ApplicationStatus {
    let run = try await dpdeploy("apply", path, "--wait", "--timeout", "60s", within: .seconds(90))
    try #require(run.ended(with: 0), "\(run)")
    return try #require(try await application())
  }

  /// Waits until the application is HEALTHY with a rank of an epoch that is not among `former`.
  func untilHealthy(after former: Set<Int>) async throws -> ApplicationStatus {
    var last: ApplicationStatus?
    return try await wait(for: "HEALTHY in a new epoch", detail: { "\(String(describing: last))" }) {
      last = try await application()
      return last.flatMap { $0.isHealthy && !$0.epochs.isSubset(of: former) ? $0 : nil }
    }
  }

  /// Waits until none of `pids` is alive.
  func untilEnded(_ pids: Set<Int32>, within limit: Duration = .seconds(10)) async throws {
    func living() -> [Int32] { pids.filter { ProcessRecord(pid: $0)?.isZombie == false } }
    try await wait(for: "the end of processes", within: limit, detail: { "\(living()) live" }) {
      living().isEmpty ? () : nil
    }
  }
}

/// Asks a deployment for a few tokens, each time over a new connection and without a second try.
@Loop
struct Questioner {
  let endpoint: Endpoint
  static let tokens = 12

  init(_ application: ApplicationStatus) throws {
    let text = try #require(application.endpoint.value)
    endpoint = try #require(Endpoint(text))
  }

  /// Why a question was not answered as it should; nil when it was.
  func ask() async -> String? {
    let client = HTTPClient(endpoint)
    defer { client.closeIdle() }
    let question =
      #"{"model":"operator-moe","messages":[{"role":"user","content":"What is a wave?"}],"#
      + #""max_tokens":\#(Self.tokens),"ignore_eos":true,"temperature":0}"#
    do {
      let answer = try await client.request(
        "POST", "/v1/chat/completions", fields: [("Content-Type", "application/json")],
        body: Array(question.utf8), until: .after(.seconds(30)))
      let text = String(decoding: answer.body, as: UTF8.self)
      let isWhole = answer.status == 200 && text.contains(#""completion_tokens":\#(Self.tokens)"#)
      return isWhole ? nil : "\(answer.status): \(text)"
    } catch {
      return "\(error)"
    }
  }
}
