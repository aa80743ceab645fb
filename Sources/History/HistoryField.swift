/// A number that is kept of each step of the past.
///
/// All are whole numbers that are added, or of which the greatest is kept: so a roll-up of roll-ups is, to the bit, the
/// roll-up of the seconds. What is a rate or a mean for people has its divisor beside it, and where that is zero nothing
/// was known: the unknown needs no mark of its own and is never taken for a zero.
public enum HistoryField: Int, CaseIterable, Sendable {
  /// The time over which requests and tokens were counted.
  case countedMilliseconds
  /// Requests that came to an end, and those of them that failed, were refused or whose client left.
  case requests, failed, refused, aborted
  /// Tokens.
  case promptTokens, generationTokens
  /// Readings of the ingress, and its queue's depth summed over them.
  case ingressReadings, queueDepth
  /// The deepest queue.
  case queueDepthMost
  /// Readings of ranks, and the requests in their batches and before them, summed over the readings.
  case rankReadings, running, waiting
  /// The most of both.
  case runningMost, waitingMost
  /// KV blocks in all and in use, summed over the readings.
  case blocksTotal, blocksUsed
  /// The largest share of blocks in use, in ten-thousandths.
  case blocksUsedMost
  /// The time of which ranks tell what they did with it, and of that in steps with and without a sequence.
  case toldMilliseconds, busyMilliseconds, dummyMilliseconds
  /// The time over which preemptions were counted, and they.
  case rankMilliseconds, preemptions

  /// Whether the greatest is kept, and not the sum.
  var keepsGreatest: Bool {
    switch self {
    case .queueDepthMost, .runningMost, .waitingMost, .blocksUsedMost: true
    default: false
    }
  }
}
