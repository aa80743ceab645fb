/// What is said on HAProxy's runtime socket to bring its slots into a state.
public struct RuntimeCommands: Sendable, Equatable {
  /// The commands, of one line.
  public let line: String

  /// Commands for all of `slots` slots; those beyond `states` take nothing.
  public init(_ states: [SlotState], slots: Int) {
    line =
      (0..<slots).map { slot in
        let state = slot < states.count ? states[slot] : .maint
        let server = "\(Configuration.backend)/\(Configuration.server(slot))"
        return "set server \(server) state \(state.rawValue)"
      }.joined(separator: ";") + "\n"
  }

  /// What HAProxy objects to in its answer; nil when it did everything.
  ///
  /// Of a command that it carries out it says nothing.
  public static func objection(in answer: String) -> String? {
    answer.split(separator: "\n").first { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
  }
}
