/// What lives of the processes that a former controller started.
public struct Remains: Sendable {
  /// A process by its token.
  public struct Leader: Sendable, Hashable {
    /// Which process it is.
    public let identity: ProcessIdentity
    /// What it carries.
    public let token: ProcessToken
  }

  /// The first process of each token; the others descend from it.
  public let leaders: [Leader]

  /// Those of one application.
  public func of(_ application: String) -> Remains {
    Remains(leaders: leaders.filter { $0.token.application == application })
  }

  /// Nothing.
  public static let none = Remains(leaders: [])

  /// Looks for the processes of the home directory with this hash.
  ///
  /// One that carries a token is found whether or not its start was written down, so a controller may be killed between
  /// the two.
  public static func find(home: String) -> Remains {
    var first: [ProcessToken: ProcessIdentity] = [:]
    for finding in TokenScan.processes() where finding.token.home == home {
      guard let identity = ProcessIdentity(pid: finding.pid) else { continue }
      // Descendants carry the token too, and start later; within one tick the lower id is the elder.
      if let known = first[finding.token], (known.startTicks, known.pid) < (identity.startTicks, identity.pid)
      {
        continue
      }
      first[finding.token] = identity
    }
    return Remains(leaders: first.map { Leader(identity: $1, token: $0) })
  }
}
