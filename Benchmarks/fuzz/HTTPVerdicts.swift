import Glibc

/// Reads requests from standard input, each after its length in a line, and says in a line what a server makes of each:
/// `whole METHOD PATH BODY USED` with the body in hexadecimal, `refused STATUS` or `unfinished`.
@main
enum HTTPVerdicts {
  static func main() {
    var rest = input[...]
    while let end = rest.firstIndex(of: 0x0A), let count = Int(String(decoding: rest[..<end], as: UTF8.self))
    {
      let bytes = Array(rest[(end + 1)...].prefix(count))
      rest = rest[(end + 1)...].dropFirst(count)
      print(words(RequestReading(bytes, piece: max(1, count))))
    }
  }

  private static var input: [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(STDIN_FILENO, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
    return all
  }

  private static func words(_ reading: RequestReading) -> String {
    switch reading.outcome {
    case .whole(let method, let path, let body):
      let text = body.map { String(Int($0) + 0x100, radix: 16).dropFirst() }.joined()
      return "whole \(method) \(path) \(text.isEmpty ? "-" : text) \(reading.used)"
    case .refused(let status): return "refused \(status)"
    case .unfinished: return "unfinished"
    }
  }
}
