/// A rank's name within a deployment.
public struct RankKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The group, from 0.
  public let group: Int
  /// The rank within the group, from 0.
  public let rank: Int

  /// Names a rank.
  public init(group: Int, rank: Int) {
    self.group = group
    self.rank = rank
  }

  /// `group/rank`.
  public var description: String { "\(group)/\(rank)" }

  /// By group, then by rank.
  public static func < (lhs: RankKey, rhs: RankKey) -> Bool {
    (lhs.group, lhs.rank) < (rhs.group, rhs.rank)
  }
}

/// A rank as a policy sees it.
public struct RoutableRank: Equatable, Sendable {
  /// Which rank.
  public var key: RankKey
  /// Its group's life; what is remembered of one life does not count in the next.
  public var epoch: Int
  /// The requests that it can run at once.
  public var capacity: Int
  /// Whether it takes new requests; false while it drains.
  public var isRunning: Bool

  /// A rank.
  public init(key: RankKey, epoch: Int, capacity: Int, isRunning: Bool) {
    self.key = key
    self.epoch = epoch
    self.capacity = capacity
    self.isRunning = isRunning
  }
}

/// What a rank has to do at the moment, as all ingress replicas together know it.
public struct RankLoad: Equatable, Sendable {
  /// Requests sent and not finished.
  public var requests: Int
  /// Tokens that these requests hold: their prompts' and those generated so far.
  public var tokens: Int

  /// A load.
  public init(requests: Int = 0, tokens: Int = 0) {
    self.requests = requests
    self.tokens = tokens
  }

  /// Both loads together.
  public static func + (lhs: RankLoad, rhs: RankLoad) -> RankLoad {
    RankLoad(requests: lhs.requests + rhs.requests, tokens: lhs.tokens + rhs.tokens)
  }

  /// The context tokens whose attention costs about as much as a sequence's share of everything else in a step.
  private static let tokensPerSequence = 256

  /// The load in tokens, each sequence counting for some by itself.
  var weight: Int { tokens + requests * Self.tokensPerSequence }
}
