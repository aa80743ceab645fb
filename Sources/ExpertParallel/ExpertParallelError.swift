public import Platform

/// Why a group of ranks cannot start or go on.
public enum ExpertParallelError: Error, Equatable, CustomStringConvertible {
  /// Sizes that no exchange can have.
  case invalidShape(String)
  /// The shared segment is not one, or of another version.
  case unusableSegment(String)
  /// The group was started with another model, chunk size or world.
  case shapeMismatch(mine: ExchangeShape, segment: ExchangeShape)
  /// The group was started with another placement of experts, or other rules for moving them
  /// or their tokens.
  case termsMismatch(rank: Int)
  /// The segment belongs to another life of the group.
  case epochMismatch(mine: UInt64, segment: UInt64)
  /// Another process already is this rank.
  case rankTaken(rank: Int, pid: Int32)
  /// A rank did not come in time.
  case timedOut(rank: Int, phase: WaitPhase, seconds: Double)
  /// A rank's process has ended.
  case peerEnded(rank: Int, pid: Int32, phase: WaitPhase)
  /// A rank left the group while others still needed it.
  case peerLeft(rank: Int, phase: WaitPhase)
  /// Members died or came; ``ExpertGroup/enterView()`` goes on with those there are.
  case membershipChanged
  /// The others went on without this rank.
  case expelled(rank: Int)
  /// Nothing passes between the nodes of two ranks.
  case linkDown(from: Int, to: Int, nodes: NodePair)
  /// This rank was told to stop.
  case stopped(WaitPhase)
  /// A rank does something else than this one: a bug, or a stranger.
  case outOfStep(rank: Int, expected: ExchangeStamp, found: ExchangeStamp)
  /// A rank published sizes that cannot be.
  case corruptPeer(rank: Int, ExchangeStamp)
  /// A token was routed to an expert that does not exist, or twice to the same.
  case invalidRouting(token: Int, expert: Int)
  /// More tokens than this rank announced for the step.
  case tooManyRows(rows: Int, agreed: Int)
  /// The kernel refused something.
  case system(SystemError)

  /// What happened and which rank it concerns.
  public var description: String {
    switch self {
    case .invalidShape(let reason): reason
    case .unusableSegment(let reason): "the group's shared segment cannot be used: \(reason)"
    case .shapeMismatch(let mine, let segment):
      "this rank differs from its group: it has \(mine); the group has \(segment)"
    case .termsMismatch(let rank):
      "rank \(rank) differs from its group in the placement of experts, in eplb_config, in all2all_backend or in links"
    case .epochMismatch(let mine, let segment):
      "this rank was started for epoch \(mine), but the group is in epoch \(segment)"
    case .rankTaken(let rank, let pid): "rank \(rank) has joined already as process \(pid)"
    case .timedOut(let rank, let phase, let seconds):
      "rank \(rank) did not answer within \(seconds) s; waited for \(phase)"
    case .peerEnded(let rank, let pid, let phase):
      "rank \(rank) (process \(pid)) ended; waited for \(phase)"
    case .peerLeft(let rank, let phase): "rank \(rank) left the group; waited for \(phase)"
    case .membershipChanged: "the group's members have changed"
    case .expelled(let rank): "the group went on without rank \(rank), which did not answer in time"
    case .linkDown(let source, let reader, let nodes):
      "link \(nodes) is down: nothing passes between ranks \(source) and \(reader)"
    case .stopped(let phase): "told to stop; waited for \(phase)"
    case .outOfStep(let rank, let expected, let found):
      "rank \(rank) is out of step: at \(found) instead of \(expected)"
    case .corruptPeer(let rank, let stamp): "rank \(rank) published impossible sizes at \(stamp)"
    case .invalidRouting(let token, let expert):
      "token \(token) was routed to expert \(expert), which does not exist or was chosen twice"
    case .tooManyRows(let rows, let agreed): "\(rows) tokens in a step that was agreed for \(agreed)"
    case .system(let error): error.description
    }
  }
}

func mapping<Result: ~Copyable>(
  _ body: () throws(SystemError) -> Result
) throws(ExpertParallelError) -> Result {
  do { return try body() } catch { throw .system(error) }
}
