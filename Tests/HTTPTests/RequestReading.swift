@testable import HTTP

/// What a server makes of bytes that a client sent: a head, and a body of which the end has come.
struct RequestReading: Equatable {
  enum Outcome: Equatable {
    case whole(method: String, path: String, body: [UInt8])
    case refused(status: Int)
    /// More bytes would have to come.
    case unfinished
  }

  let outcome: Outcome
  /// The bytes that belong to the request.
  let used: Int

  /// Reads one request out of `bytes`, of which at most `piece` more become known at a time.
  init(_ bytes: [UInt8], piece: Int) {
    do throws(HTTPError) {
      guard let end = Self.headEnd(bytes) else {
        (outcome, used) = (.unfinished, 0)
        return
      }
      let head = try HeadParser.parse(Array(bytes[..<end]), as: .request)
      var decoder = BodyDecoder(try BodyFraming.request(head))
      var (body, position, known): ([UInt8], Int, Int) = ([], end, end)
      while !decoder.isAtEnd {
        let step = try bytes[position..<known].withUnsafeBytes { bytes in
          Result { () throws(HTTPError) in try decoder.next(bytes) }
        }.get()
        switch step {
        case .data(let count):
          body += bytes[position..<(position + count)]
          position += count
        case .skip(let count): position += count
        case .more:
          guard known < bytes.count else {
            (outcome, used) = (.unfinished, position)
            return
          }
          known = min(bytes.count, known + piece)
        case .end: break
        }
      }
      (outcome, used) = (.whole(method: head.method, path: head.path, body: body), position)
    } catch {
      guard case .malformed(let status, _) = error else { fatalError("\(error) out of bytes alone") }
      (outcome, used) = (.refused(status: status), 0)
    }
  }

  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    for index in bytes.indices where bytes[index] == 0x0A {
      if index >= 1, bytes[index - 1] == 0x0A { return index + 1 }
      if index >= 3, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
    }
    return nil
  }
}
