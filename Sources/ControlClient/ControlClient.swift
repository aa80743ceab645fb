public import ControlAPI
import HTTP
import JSON
public import Platform

/// Typed calls to the controller of a home directory, over its Unix socket.
///
/// Every call ends within its deadline; a failure is a ``ControlError`` that carries the exit code to end with.
@Loop
public final class ControlClient {
  /// Whose controller is asked.
  public let home: HomeDirectory

  private let http: HTTPClient
  /// For calls that only look something up.
  private static let lookupTimeout = Duration.seconds(5)
  /// For calls that change something, which the controller answers once it is on disk.
  private static let changeTimeout = Duration.seconds(30)

  /// Asks the controller of `home`.
  public nonisolated init(home: HomeDirectory) {
    self.home = home
    http = HTTPClient(.unix(path: home.controllerSocket))
  }

  /// The controller's version.
  public func version() async throws(ControlError) -> VersionInfo {
    try await get("/v1/version")
  }

  /// Everything that is known now.
  public func status() async throws(ControlError) -> Status {
    try await get("/v1/applications")
  }

  /// The present, and the history and events after `sequence` (0: all that is kept).
  ///
  /// - Parameter window: Over how many of the last seconds to take the applications' rates and quantiles, from 1 to 300.
  public func snapshot(since sequence: Int, window: Int = 10) async throws(ControlError) -> Snapshot {
    try await get("/v1/snapshot?since=\(sequence)&window=\(window)")
  }

  /// A look into an application: distributions of latencies, and the load of its experts.
  ///
  /// - Parameter window: Over how many of the last seconds to take latencies, from 1 to 300.
  public func insight(of application: String, window: Int = 10) async throws(ControlError) -> Insight {
    try await get("/v1/applications/\(escaped(application))/insight?window=\(window)")
  }

  /// How long each part of the starts of an application's ranks took.
  public func timeline(of application: String) async throws(ControlError) -> StartTimeline {
    try await get("/v1/applications/\(escaped(application))/timeline")
  }

  /// The past of an application or of one of its ranks.
  public func history(of application: String, _ query: HistoryQuery) async throws(ControlError)
    -> MetricHistory
  {
    let parameters = query.parameters.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    return try await get("/v1/applications/\(escaped(application))/history?\(parameters)")
  }

  /// The events after `sequence`, of one application or of all.
  public func events(since sequence: Int, application: String? = nil) async throws(ControlError) -> EventPage
  {
    try await get("/v1/events?since=\(sequence)" + parameter("application", application))
  }

  /// Log lines: the last `tail` of each chosen replica, or what came after `cursor`.
  public func logs(
    application: String, replica: String? = nil, tail: Int? = nil, cursor: String? = nil
  ) async throws(ControlError) -> LogPage {
    try await logs(application: application, LogQuery(replica: replica, tail: tail, cursor: cursor))
  }

  /// Log lines of all chosen replicas, by time.
  public func logs(application: String, _ query: LogQuery) async throws(ControlError) -> LogPage {
    try await get(
      "/v1/logs?application=\(escaped(application))"
        + query.parameters.map { parameter($0.name, $0.value) }.joined())
  }

  /// Has a manifest carried out; returns once the controller has recorded it.
  public func apply(_ request: ApplyRequest) async throws(ControlError) -> ApplyResult {
    try await call("POST", "/v1/applications", body: try encode(request), timeout: Self.changeTimeout)
  }

  /// What an apply would do.
  public func plan(_ request: ApplyRequest) async throws(ControlError) -> PlanResult {
    try await call("POST", "/v1/plan", body: try encode(request), timeout: Self.lookupTimeout)
  }

  /// Every accepted apply of an application.
  public func revisions(of application: String) async throws(ControlError) -> RevisionList {
    try await get("/v1/applications/\(escaped(application))/revisions")
  }

  /// Halts, goes on with, or takes back a rollout; tells the revision that now holds.
  public func rollout(_ request: RolloutRequest, of application: String) async throws(ControlError)
    -> ApplyResult
  {
    try await call(
      "POST", "/v1/applications/\(escaped(application))/rollout", body: try encode(request),
      timeout: Self.changeTimeout)
  }

  /// Has new requests kept away from replicas, or let to them again.
  public func cordon(_ request: CordonRequest, of application: String) async throws(ControlError)
    -> CordonResult
  {
    try await call(
      "POST", "/v1/applications/\(escaped(application))/cordon", body: try encode(request),
      timeout: Self.changeTimeout)
  }

  /// Who asked for what, newest first, of one application or of all.
  public func audit(application: String? = nil, most: Int) async throws(ControlError) -> AuditPage {
    try await get("/v1/audit?most=\(most)" + parameter("application", application))
  }

  /// Has other numbers of replicas run than the manifest's; tells the revision that now holds.
  public func scale(_ request: ScaleRequest, of application: String) async throws(ControlError) -> ApplyResult
  {
    try await call(
      "POST", "/v1/applications/\(escaped(application))/scale", body: try encode(request),
      timeout: Self.changeTimeout)
  }

  /// Has an application ended and forgotten; returns once the controller has recorded it.
  public func delete(_ application: String) async throws(ControlError) {
    _ = try await send(
      "DELETE", "/v1/applications/\(escaped(application))", body: [], timeout: Self.changeTimeout)
  }

  /// Has a replica started again, with its group if it is a rank.
  public func restart(_ replica: String, of application: String) async throws(ControlError) {
    let body = try encode(RestartRequest(replica: replica))
    _ = try await send(
      "POST", "/v1/applications/\(escaped(application))/restart", body: body, timeout: Self.changeTimeout)
  }

  /// Puts words among an application's events.
  public func remark(_ text: String, on application: String) async throws(ControlError) {
    _ = try await send(
      "POST", "/v1/applications/\(escaped(application))/remark", body: try encode(RemarkRequest(text)),
      timeout: Self.changeTimeout)
  }

  /// The status of all applications, or of one, as the bytes that the controller wrote.
  public func statusJSON(of application: String? = nil) async throws(ControlError) -> [UInt8] {
    let target = "/v1/applications" + (application.map { "/\(escaped($0))" } ?? "")
    return try await send("GET", target, body: [], timeout: Self.lookupTimeout)
  }

  private func get<Answer: Decodable>(_ target: String) async throws(ControlError) -> Answer {
    try await call("GET", target, body: [], timeout: Self.lookupTimeout)
  }

  private func call<Answer: Decodable>(
    _ method: String, _ target: String, body: [UInt8], timeout: Duration
  ) async throws(ControlError) -> Answer {
    let bytes = try await send(method, target, body: body, timeout: timeout)
    do { return try JSONReader.decode(Answer.self, from: bytes) } catch {
      throw ControlError(
        code: "unreadable-answer",
        message: "the controller's answer to \(method) \(target) cannot be read: \(error)", exitCode: 1)
    }
  }

  private func send(
    _ method: String, _ target: String, body: [UInt8], timeout: Duration
  ) async throws(ControlError) -> [UInt8] {
    let answer: (status: Int, body: [UInt8])
    do {
      answer = try await http.request(
        method, target, fields: [("Content-Type", "application/json")], body: body, until: .after(timeout))
    } catch {
      throw failure(error, method, target, timeout)
    }
    if (200..<300).contains(answer.status) { return answer.body }
    if let refusal = try? JSONReader.decode(ControlError.self, from: answer.body) { throw refusal }
    throw ControlError(
      code: "refused",
      message: "the controller answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
  }

  private func failure(
    _ error: HTTPError, _ method: String, _ target: String, _ timeout: Duration
  ) -> ControlError {
    if error.isTimeout {
      return ControlError(
        code: "timeout", message: "the controller did not answer \(method) \(target) within \(timeout)",
        exitCode: 6)
    }
    return .unreachable(home, error.description)
  }
}

extension ControlError {
  /// Nobody answers on the home directory's socket.
  static func unreachable(_ home: HomeDirectory, _ reason: String) -> ControlError {
    ControlError(
      code: "controller-unreachable",
      message:
        "no controller answers in \(home.path) (\(reason)); `dpdeploy apply` or `dpdeploy daemon start` starts one",
      exitCode: 5)
  }
}

private func encode(_ value: some Encodable) throws(ControlError) -> [UInt8] {
  do { return try JSONPrinter.print(value) } catch {
    throw ControlError(code: "unwritable-request", message: "the request cannot be written: \(error)")
  }
}

private func parameter(_ name: String, _ value: String?) -> String {
  value.map { "&\(name)=\(escaped($0))" } ?? ""
}

/// `text` as a part of a path or a query.
private func escaped(_ text: String) -> String {
  var result = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      result.unicodeScalars.append(UnicodeScalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      result += "%" + (digits.count == 1 ? "0" : "") + digits
    }
  }
  return result
}
