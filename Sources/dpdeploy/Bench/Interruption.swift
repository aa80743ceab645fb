import Glibc
import Platform

/// Ctrl-C and its kin as news, for commands that have something to finish or to put back first.
@Loop
final class Interruption {
  /// Whether one has come.
  private(set) var hasCome = false
  /// What is told of it, each time.
  var onCome: (() -> Void)?

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Takes the signals from now on; before, they end the process.
  init() throws(SystemError) {
    Signals.block(Self.signals)
    let arriving = try Signals(Self.signals)
    Loop.task { [weak self] in
      while await arriving.next() != nil { self?.come() }
    }
  }

  private func come() {
    hasCome = true
    onCome?()
  }
}
