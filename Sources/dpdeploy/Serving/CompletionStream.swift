import HTTP
import JSON
import Platform

/// What a completion is asked for.
struct CompletionRequest: Sendable {
  /// What the model goes on from.
  enum Prompt: Sendable, Equatable {
    /// A user's message, for `/v1/chat/completions`.
    case message(String)
    /// Token ids, for `/v1/completions`: a prompt of a length that is known without the model's tokenizer.
    case tokens([Int])
  }

  var model: String
  var prompt: Prompt
  var maxTokens: Int
  /// Goes on to `maxTokens` whatever the model would end with.
  var ignoresEnd = false
  /// 0 is greedy.
  var temperature: Double = 0
  /// The key of the deployment's users, when it asks for one.
  var apiKey: String?

  fileprivate var target: String {
    switch prompt {
    case .message: "/v1/chat/completions"
    case .tokens: "/v1/completions"
    }
  }

  fileprivate var body: [UInt8] {
    let asked =
      switch prompt {
      case .message(let text): #""messages":[{"role":"user","content":\#(JSONValue.string(text).text)}]"#
      case .tokens(let ids): #""prompt":[\#(ids.map(String.init).joined(separator: ","))]"#
      }
    let fields = [
      #""model":\#(JSONValue.string(model).text)"#, asked, #""max_tokens":\#(maxTokens)"#,
      #""temperature":\#(temperature)"#, #""stream":true"#, #""stream_options":{"include_usage":true}"#,
    ]
    return Array("{\((fields + (ignoresEnd ? [#""ignore_eos":true"#] : [])).joined(separator: ","))}".utf8)
  }
}

/// A streamed completion, read as its client sees it.
@Loop
final class CompletionStream {
  /// What arrives.
  enum Delta: Equatable {
    case text(String)
    case usage(promptTokens: Int, completionTokens: Int)
  }

  private let answer: HTTPAnswer
  private var events = EventStream()
  private var pending: [Delta] = []
  private var isDone = false

  private init(_ answer: HTTPAnswer) { self.answer = answer }

  /// Sends `request` and waits for the beginning of its answer.
  static func open(
    _ request: CompletionRequest, at client: HTTPClient, cancellation: HTTPCancellation = HTTPCancellation(),
    until deadline: Instant
  ) async throws(CompletionError) -> CompletionStream {
    var head = HeadWriter(method: "POST", target: request.target, host: "localhost")
    head.field("Content-Type", "application/json")
    head.field("Accept", "text/event-stream")
    if let key = request.apiKey { head.field("Authorization", "Bearer \(key)") }
    do {
      let answer = try await client.send(
        "POST", head: head, body: request.body, cancellation: cancellation, until: deadline)
      guard answer.head.status == 200 else { throw try await refusal(answer, until: deadline) }
      return CompletionStream(answer)
    } catch let error as HTTPError {
      throw .connection(error.description)
    } catch let error as CompletionError {
      throw error
    } catch {
      throw .connection("\(error)")
    }
  }

  /// The next piece; nil after `[DONE]`.
  ///
  /// - Throws: the server's error event, or that the stream ended before its `[DONE]`.
  func next(until deadline: Instant) async throws(CompletionError) -> Delta? {
    while true {
      if !pending.isEmpty { return pending.removeFirst() }
      let bytes: [UInt8]?
      do { bytes = try await answer.read(until: deadline) } catch { throw .connection(error.description) }
      guard let bytes else {
        guard isDone else { throw .cut }
        return nil
      }
      for line in events.add(bytes) { try take(line) }
    }
  }

  private func take(_ line: EventStream.Line) throws(CompletionError) {
    guard case .data(let bytes) = line else { return }
    if bytes.elementsEqual("[DONE]".utf8) {
      isDone = true
      return
    }
    let chunk: JSONValue
    do { chunk = try JSONValue(parsing: bytes) } catch { throw .connection("an event is not JSON: \(error)") }
    if let error = chunk["error"] { throw .server(status: 200, error["message"]?.string ?? "unknown error") }
    let choice = chunk["choices"]?.elements?.first
    if let text = choice?["delta"]?["content"]?.string ?? choice?["text"]?.string, !text.isEmpty {
      pending.append(.text(text))
    }
    if let usage = chunk["usage"], let prompt = usage["prompt_tokens"]?.integer,
      let completion = usage["completion_tokens"]?.integer
    {
      pending.append(.usage(promptTokens: prompt, completionTokens: completion))
    }
  }

  private static func refusal(_ answer: HTTPAnswer, until deadline: Instant) async throws(HTTPError)
    -> CompletionError
  {
    var body: [UInt8] = []
    while let piece = try await answer.read(until: deadline) { body += piece }
    let message = (try? JSONValue(parsing: body))?["error"]?["message"]?.string
    return .server(status: answer.head.status, message ?? String(decoding: body.prefix(200), as: UTF8.self))
  }
}

/// Why a completion was not had.
enum CompletionError: Error, Equatable, CustomStringConvertible {
  /// The server said so, before the stream (its status) or within it (200).
  case server(status: Int, String)
  /// The stream ended before its `[DONE]`.
  case cut
  /// The connection failed or took too long.
  case connection(String)

  var description: String {
    switch self {
    case .server(200, let message): "the stream ended in an error: \(message)"
    case .server(let status, let message): "status \(status): \(message)"
    case .cut: "the stream was cut before its [DONE]"
    case .connection(let reason): reason
    }
  }

  /// A word to count it under.
  var kind: String {
    switch self {
    case .server(200, _): "stream-error"
    case .server(let status, _): "status-\(status)"
    case .cut: "stream-cut"
    case .connection: "connection"
    }
  }
}
