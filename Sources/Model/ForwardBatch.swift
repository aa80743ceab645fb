/// The tokens of one forward pass: prefill chunks and decode tokens of several sequences, flat.
public struct ForwardBatch: Sendable {
  /// Rows of one sequence, which follow each other in the batch.
  public struct SequenceSlice: Sendable {
    /// First row of the slice.
    public var firstRow: Int
    /// Rows of the slice.
    public var rowCount: Int
    /// Tokens of the sequence whose cache rows were written by earlier passes.
    public var contextLength: Int
    /// The cache block of every `blockSize` tokens, covering `contextLength + rowCount` tokens.
    public var blockTable: [Int32]
    /// The adapter that its tokens go through; nil is the model itself.
    public var adapter: LoRAAdapter?

    /// A slice of `rowCount` new tokens behind `contextLength` cached ones.
    public init(
      firstRow: Int, rowCount: Int, contextLength: Int, blockTable: [Int32], adapter: LoRAAdapter? = nil
    ) {
      self.firstRow = firstRow
      self.rowCount = rowCount
      self.contextLength = contextLength
      self.blockTable = blockTable
      self.adapter = adapter
    }
  }

  /// Token ids, one a row.
  public var tokens: [Int32]
  /// Position of each row's token in its sequence.
  public var positions: [Int32]
  /// The sequences, covering every row once.
  public var sequences: [SequenceSlice]
  /// Rows whose logits are wanted, in the order of the output.
  public var logitRows: [Int]

  /// A batch of these rows; empty for a dummy step.
  public init(
    tokens: [Int32] = [], positions: [Int32] = [], sequences: [SequenceSlice] = [], logitRows: [Int] = []
  ) {
    self.tokens = tokens
    self.positions = positions
    self.sequences = sequences
    self.logitRows = logitRows
  }

  /// Adds the next tokens of a sequence.
  ///
  /// - Parameters:
  ///   - new: Token ids at positions `contextLength…`.
  ///   - contextLength: Tokens already cached.
  ///   - blockTable: Cache blocks for all tokens up to and including the new ones.
  ///   - wantsLogits: Whether the last new token's logits are wanted.
  ///   - adapter: What the tokens go through; the same for all tokens of a sequence.
  public mutating func append(
    _ new: some Collection<Int32>, contextLength: Int, blockTable: [Int32], wantsLogits: Bool,
    adapter: LoRAAdapter? = nil
  ) {
    let first = tokens.count
    tokens.append(contentsOf: new)
    for offset in 0..<new.count { positions.append(Int32(contextLength + offset)) }
    sequences.append(
      SequenceSlice(
        firstRow: first, rowCount: new.count, contextLength: contextLength, blockTable: blockTable,
        adapter: adapter))
    if wantsLogits, !new.isEmpty { logitRows.append(tokens.count - 1) }
  }

  /// Empties the batch and keeps its memory for the next step.
  public mutating func removeAll() {
    tokens.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    sequences.removeAll(keepingCapacity: true)
    logitRows.removeAll(keepingCapacity: true)
  }
}
