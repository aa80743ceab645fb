/// What one step computes: a flat batch of tokens, prefill chunks and single decode tokens mixed.
public struct StepPlan: Sendable {
  /// One sequence's part of the batch.
  public struct Entry: Sendable {
    /// Whose tokens they are.
    public let id: RequestID
    /// Its rows in the flat batch.
    public let rows: Range<Int>
    /// The positions of those tokens in their sequence; the lower bound counts tokens that are cached already.
    public let positions: Range<Int>
    /// The sequence's KV blocks, enough for `positions.upperBound` tokens.
    public let blockTable: [Int32]
    /// Whether the last row's logits give the sequence's next token; false for a prompt's earlier chunks.
    public let samples: Bool
  }

  /// The tokens to run the model on, in row order.
  public internal(set) var tokens: [Int32] = []
  /// The sequences of the batch, in row order.
  public internal(set) var entries: [Entry] = []
  /// Sequences that lost their blocks to older ones in this step and will be recomputed.
  public internal(set) var preempted: [RequestID] = []
  /// Sequences that left the waiting queue in this step.
  public internal(set) var admitted: [RequestID] = []

  /// An empty plan with room for as many sequences.
  init(sequences: Int = 0) {
    guard sequences > 0 else { return }
    entries.reserveCapacity(sequences)
    tokens.reserveCapacity(sequences)
  }

  /// Whether there is nothing to compute.
  public var isEmpty: Bool { entries.isEmpty }

  /// Entries that sample, in order: `commit` takes one token for each.
  public var samplingEntries: [Entry] { entries.filter(\.samples) }

  mutating func append(_ sequence: LiveSequence, count: Int) {
    let positions = sequence.computed..<(sequence.computed + count)
    entries.append(
      Entry(
        id: sequence.id, rows: tokens.count..<(tokens.count + count), positions: positions,
        blockTable: sequence.blockTable, samples: positions.upperBound == sequence.tokens.count))
    tokens.append(contentsOf: sequence.tokens[positions])
  }
}
