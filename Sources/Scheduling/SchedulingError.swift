/// Why a configuration or a request is refused.
public enum SchedulingError: Error, Equatable, CustomStringConvertible {
  /// A setting has a value that no schedule can be made with.
  case invalidSetting(name: String, value: Int, minimum: Int)
  /// Fewer tokens fit into a step than sequences may run, so some would starve (vLLM refuses this too).
  case budgetBelowSequences(budget: Int, sequences: Int)
  /// Without chunked prefill a whole prompt must fit into one step.
  case budgetBelowModelLength(budget: Int, modelLength: Int)
  /// The pool cannot hold even one sequence of the greatest length.
  case poolTooSmall(neededBlocks: Int, blocks: Int, modelLength: Int)
  /// There is nothing to run the model on.
  case emptyPrompt
  /// The prompt leaves no room for one generated token.
  case promptTooLong(tokens: Int, modelLength: Int)
  /// A request may not ask for less than one token.
  case noTokensWanted(Int)
  /// The waiting queue is full; try again later.
  case queueFull(limit: Int)
  /// A live request already has this id.
  case duplicateRequest(RequestID)

  /// What is wrong, with the numbers, and what to change.
  public var description: String {
    switch self {
    case .invalidSetting(let name, let value, let minimum):
      "\(name) is \(value), but must be at least \(minimum)"
    case .budgetBelowSequences(let budget, let sequences):
      "max_num_batched_tokens (\(budget)) must be at least max_num_seqs (\(sequences))"
    case .budgetBelowModelLength(let budget, let modelLength):
      "max_num_batched_tokens (\(budget)) is below max_model_len (\(modelLength)): "
        + "raise it, lower max_model_len, or enable chunked prefill"
    case .poolTooSmall(let needed, let blocks, let modelLength):
      "max_model_len \(modelLength) needs \(needed) KV cache blocks, but only \(blocks) are available: "
        + "raise gpu_memory_utilization or the memory, or lower max_model_len"
    case .emptyPrompt: "the prompt has no tokens"
    case .promptTooLong(let tokens, let modelLength):
      "this model's maximum context length is \(modelLength) tokens, but the prompt has \(tokens): "
        + "shorten it by at least \(tokens - modelLength + 1)"
    case .noTokensWanted(let count): "max_tokens must be at least 1, got \(count)"
    case .queueFull(let limit): "the waiting queue is full (\(limit) requests)"
    case .duplicateRequest(let id): "request \(id) is already scheduled"
    }
  }
}
