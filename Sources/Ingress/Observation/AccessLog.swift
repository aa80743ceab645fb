import OpenAI
import Platform

/// Tells of requests that came to their end, a line each: who was told what, by which rank, and how long it took.
///
/// Nothing of a prompt or an answer, and no key, ever stands there.
@Loop
struct AccessLog {
  /// How lines are written.
  enum Format: String, CaseIterable {
    /// `name=value` pairs.
    case logfmt
    /// One JSON object a line.
    case json
  }

  /// What a line says.
  struct Entry {
    let requestID: String
    let method: String
    let path: String
    let status: Int
    let isBroken: Bool
    /// `group/rank` of the last rank that had it; nil when none had.
    let rank: String?
    let times: RequestTimes
    /// How often OpenAI's client says it tried before.
    let clientRetries: Int?
  }

  private enum Value {
    case text(String)
    case number(Double)
    case integer(Int)
  }

  private let format: Format
  private let sample: Double
  private let write: @Loop (String) -> Void

  /// - Parameter sample: the share of requests that are told of; those that failed by the system's fault always are.
  init(_ format: Format, sample: Double, write: @escaping @Loop (String) -> Void = { ProcessLog.line($0) }) {
    self.format = format
    self.sample = sample
    self.write = write
  }

  /// Writes the line of a request, or leaves it out.
  func note(_ entry: Entry) {
    guard entry.status >= 500 || entry.isBroken || Double.random(in: 0..<1) < sample else { return }
    let fields = Self.fields(of: entry)
    switch format {
    case .logfmt: write(fields.map { "\($0)=\(Self.logfmt($1))" }.joined(separator: " "))
    case .json: write("{" + fields.map { "\(Self.quoted($0)):\(Self.json($1))" }.joined(separator: ",") + "}")
    }
  }

  private static func fields(of entry: Entry) -> [(String, Value)] {
    let times = entry.times
    var fields: [(String, Value)] = [
      ("time", .text(Timestamp.now)), ("request_id", .text(entry.requestID)), ("method", .text(entry.method)),
      ("path", .text(entry.path)), ("status", .integer(entry.status)),
    ]
    if entry.isBroken { fields.append(("outcome", .text("broken"))) }
    if let rank = entry.rank { fields.append(("rank", .text(rank))) }
    fields.append(("duration_ms", .number(milliseconds(.now - times.arrival))))
    fields.append(("queued_ms", .number(milliseconds(times.queued))))
    if let first = times.timeToFirstToken { fields.append(("ttft_ms", .number(milliseconds(first)))) }
    fields.append(("output_tokens", .integer(times.outputTokens)))
    if let retries = entry.clientRetries { fields.append(("client_retries", .integer(retries))) }
    return fields
  }

  private static func milliseconds(_ time: Duration) -> Double { (time.inSeconds * 1e6).rounded() / 1e3 }

  private static func logfmt(_ value: Value) -> String {
    guard case .text(let text) = value else { return json(value) }
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
    return isPlain ? text : quoted(text)
  }

  private static func json(_ value: Value) -> String {
    switch value {
    case .text(let text): quoted(text)
    case .number(let number): "\(number)"
    case .integer(let number): "\(number)"
    }
  }

  private static func quoted(_ text: String) -> String {
    var json = JSONWriter(capacity: text.utf8.count + 2)
    json.string(text)
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
