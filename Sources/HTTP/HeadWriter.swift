/// Builds the bytes of a head.
public struct HeadWriter: Sendable {
  /// The bytes so far.
  public private(set) var bytes: [UInt8]

  /// Begins a response.
  public init(status: Int) {
    bytes = []
    bytes.reserveCapacity(256)
    append("HTTP/1.1 ")
    append(String(status))
    append(" ")
    append(Self.reason(status))
    append("\r\n")
  }

  /// Begins a request; `target` holds no space or control character.
  public init(method: String, target: String, host: String) {
    bytes = []
    bytes.reserveCapacity(256)
    for part in [method, " ", target, " HTTP/1.1\r\nHost: ", host, "\r\n"] { append(part) }
  }

  /// Adds a field; line ends inside `value` become spaces, so that no value can forge a field.
  public mutating func field(_ name: String, _ value: String) {
    append(name)
    append(": ")
    let start = bytes.count
    append(value)
    for index in start..<bytes.count where Self.endsLines(bytes[index]) { bytes[index] = 0x20 }
    append("\r\n")
  }

  /// Adds a field that came in another message.
  public mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: name)
    append(": ")
    bytes.append(contentsOf: value)
    append("\r\n")
  }

  /// Adds the empty line and returns the whole.
  public consuming func finished() -> [UInt8] {
    append("\r\n")
    return bytes
  }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }

  private static func endsLines(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A || byte == 0 }

  /// The usual words for a status.
  public static func reason(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 202: "Accepted"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 417: "Expectation Failed"
    case 413: "Content Too Large"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status \(status)"
    }
  }

  /// `bytes` as one chunk of a chunked body.
  public static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    var chunk: [UInt8] = []
    chunk.reserveCapacity(bytes.count + 12)
    chunk.append(contentsOf: String(bytes.count, radix: 16).utf8)
    chunk.append(contentsOf: [0x0D, 0x0A])
    chunk.append(contentsOf: bytes)
    chunk.append(contentsOf: [0x0D, 0x0A])
    return chunk
  }

  /// The end of a chunked body.
  public static let lastChunk = Array("0\r\n\r\n".utf8)
}
