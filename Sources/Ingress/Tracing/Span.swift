import OpenAI
import Platform

/// A piece of a request's time, as OpenTelemetry tells it.
struct Span: Sendable {
  /// Who takes part, by OTLP's numbers.
  enum Kind: Int, Sendable {
    case inside = 1
    case server = 2
    case client = 3
  }

  enum Value: Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
  }

  let context: TraceContext
  let parentID: String?
  let name: String
  let kind: Kind
  let start: Instant
  let end: Instant
  let attributes: [(String, Value)]
  let isError: Bool

  /// Writes OTLP's JSON form.
  ///
  /// - Parameter epoch: nanoseconds since 1970 at the zero of the monotonic clock.
  func write(to json: inout JSONWriter, epoch: UInt64) {
    json.raw("{\"traceId\":")
    json.string(context.traceID)
    json.raw(",\"spanId\":")
    json.string(context.spanID)
    if let parentID {
      json.raw(",\"parentSpanId\":")
      json.string(parentID)
    }
    json.raw(",\"name\":")
    json.string(name)
    json.raw(",\"kind\":")
    json.integer(kind.rawValue)
    // Whole numbers of 64 bits are texts in OTLP's JSON.
    json.raw(",\"startTimeUnixNano\":")
    json.string(String(epoch &+ start.nanoseconds))
    json.raw(",\"endTimeUnixNano\":")
    json.string(String(epoch &+ end.nanoseconds))
    json.raw(",\"attributes\":")
    Self.write(attributes, to: &json)
    json.raw(isError ? ",\"status\":{\"code\":2}}" : ",\"status\":{}}")
  }

  /// Writes attributes as OTLP's list of keys and typed values.
  static func write(_ attributes: [(String, Value)], to json: inout JSONWriter) {
    json.array(attributes) { json, attribute in
      json.raw("{\"key\":")
      json.string(attribute.0)
      switch attribute.1 {
      case .text(let text):
        json.raw(",\"value\":{\"stringValue\":")
        json.string(text)
      case .integer(let number):
        json.raw(",\"value\":{\"intValue\":")
        json.string(String(number))
      case .number(let number):
        json.raw(",\"value\":{\"doubleValue\":")
        json.number(number)
      }
      json.raw("}}")
    }
  }
}
