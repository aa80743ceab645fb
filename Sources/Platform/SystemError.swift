import Glibc

/// A system call that failed: which call, on what, and why.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call's name, such as `connect`.
  public let call: String
  /// The `errno` value.
  public let code: Int32
  /// What the call was about, such as a path; empty when there is nothing to add.
  public let subject: String

  /// Records a failed `call` with its `errno` value.
  public init(call: String, code: Int32, subject: String = "") {
    self.call = call
    self.code = code
    self.subject = subject
  }

  /// Whether a deadline passed before the call could finish.
  public var isTimeout: Bool { code == ETIMEDOUT }

  /// The kernel's words, such as `connect /run/a.sock: Connection refused`.
  public var description: String {
    let place = subject.isEmpty ? "" : " \(subject)"
    return "\(call)\(place): \(Self.message(code))"
  }

  private static func message(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
        return "error \(code)"
      }
      return String(cString: base)
    }
  }
}

/// Runs `body` again while a signal interrupts it, and turns `-1` into a ``SystemError`` from `errno`.
@discardableResult
public func checking<Result: SignedInteger>(
  _ call: String, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw SystemError(call: call, code: code, subject: subject()) }
  }
}

/// As ``checking(_:_:_:)`` for the `clinux_` wrappers, which return `-errno`.
@discardableResult
func checkingNegated(
  _ call: String, _ subject: @autoclosure () -> String = "", _ body: () -> Int32
) throws(SystemError) -> Int32 {
  while true {
    let result = body()
    if result >= 0 { return result }
    if result != -EINTR { throw SystemError(call: call, code: -result, subject: subject()) }
  }
}
