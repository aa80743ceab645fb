/// The page of an engine rank.
public enum RankStats: StatsRole {
  /// 1.
  public static let number: UInt32 = 1
  /// `rank`.
  public static let name = "rank"

  /// Counters of a rank.
  public enum Counter: Int, StatsSlot {
    /// Steps of the lock-step loop, and those of them without a sequence of this rank.
    case steps, dummySteps
    /// Busy periods between two idle pauses.
    case waves
    /// Tokens put in and given out.
    case promptTokens, generationTokens
    /// Requests by finish reason.
    case requestsStopped, requestsAtLength, requestsAborted, requestsFailed
    /// Sequences thrown back to waiting for want of KV blocks.
    case preemptions
    /// Prefix-cache look-ups and hits, in tokens as vLLM counts them.
    case prefixQueries, prefixHits
    /// Nanoseconds of the compute loop: in steps with a sequence of this rank, and the parts of a step.
    case busyNanoseconds, attentionNanoseconds, expertsNanoseconds, communicationWaitNanoseconds
    /// Nanoseconds spent sampling, in dummy steps and paused.
    case sampleNanoseconds, dummyNanoseconds, idleNanoseconds
    /// CPU time of the compute thread in nanoseconds.
    case threadCPUNanoseconds
    /// Bytes handed to expert owners and taken back.
    case dispatchedBytes, combinedBytes
    /// Rows (one per token and expert) handed out and, as an owner, computed.
    case expertRowsDispatched, expertRowsComputed
    /// The parts of the bytes that cross between virtual nodes.
    case dispatchedBytesBetweenNodes, combinedBytesBetweenNodes
    /// Nanoseconds of the compute loop while rows were on a modelled link.
    case linkNanoseconds
    /// Steps as two half-batches, and why others were not: too few tokens here, or only on another rank.
    case overlappedSteps, stepsBelowOverlap, stepsVetoed
    /// Pieces in which each MoE layer's tokens were exchanged, summed over steps.
    case chunks
    /// Grows with each exchange of tokens, and so within a step too; told once a second.
    case exchanges
  }

  /// Gauges of a rank.
  public enum Gauge: Int, StatsSlot {
    /// Sequences in steps, and those not yet.
    case running, waiting
    /// KV blocks in all and in use.
    case kvBlocksTotal, kvBlocksUsed
    /// The group's epoch.
    case epoch
    /// The most sequences that may run at once.
    case maxNumSeqs
    /// Sequences that the event loop has handed over and not had back: there is work while this is not zero.
    case unfinished
    /// The rank that this one waits for within a step, plus one; 0 where it waits for none.
    case waitsFor
  }

  /// Distributions of a rank.
  public enum Sketch: Int, StatsSlot {
    /// Time to first token, time per output token of a request, and time between two tokens.
    case ttft, tpot, itl
    /// A request's whole time, and its parts waiting, in prefill and in decode.
    case e2e, queue, prefill, decode
  }
}
