/// What to start, and with what around it.
public struct LaunchSpec: Sendable {
  /// The program's path.
  public var executable: String
  /// The arguments after the program's name.
  public var arguments: [String]
  /// Variables beside those of this process, as `NAME=value`; they win.
  public var environment: [String]
  /// Descriptors of ours and the numbers that the child sees them under; 0 to 2 are taken.
  public var descriptors: [(ours: Int32, theirs: Int32)]
  /// The file that its output is appended to: a file, not a pipe, since it outlives us.
  public var logPath: String
  /// What it carries in its environment.
  public var token: ProcessToken

  /// Describes a process.
  public init(
    executable: String, arguments: [String], environment: [String] = [],
    descriptors: [(ours: Int32, theirs: Int32)] = [], logPath: String, token: ProcessToken
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.descriptors = descriptors
    self.logPath = logPath
    self.token = token
  }

  /// Ours, with the spec's own variables and the token in place of those of the same names.
  func fullEnvironment(inherited: [String]) -> [String] {
    let own = environment + ["\(ProcessToken.variable)=\(token)"]
    let names = Set(own.map(Self.name))
    var last: [Substring: String] = [:]
    for entry in own { last[Self.name(entry)] = entry }
    return inherited.filter { !names.contains(Self.name($0)) } + last.values.sorted()
  }

  private static func name(_ entry: String) -> Substring { entry.prefix { $0 != "=" } }
}
