/// A live request: its tokens so far, how many of them have their KV entries, and where those are.
struct LiveSequence: Sendable {
  let id: RequestID
  let promptLength: Int
  /// The token count at which the request is over.
  let lengthLimit: Int
  let prefixScope: PrefixScope
  /// Whether it takes nothing from the prefix cache.
  let scoresPrompt: Bool
  let rank: ServiceRank
  /// Prompt and output.
  var tokens: [Int32]
  /// Tokens whose KV entries are in the cache.
  var computed = 0
  var blockTable: [Int32] = []
  /// The position of the last remembered block, and how many are remembered.
  var prefix = PrefixNode.root
  var rememberedBlocks = 0
  /// Whether it ever lost its blocks; its prompt then counts no second time in the prefix statistics.
  var wasPreempted = false

  init(_ request: GenerationRequest, rank: ServiceRank, maxModelLength: Int) {
    self.rank = rank
    id = request.id
    promptLength = request.prompt.count
    let room = maxModelLength - request.prompt.count
    lengthLimit = request.prompt.count + min(room, request.maxNewTokens ?? room)
    prefixScope = request.prefixScope
    scoresPrompt = request.scoresPrompt
    tokens = request.prompt
  }

  /// Tokens that the model has not seen: 1 while decoding, more during prefill.
  var pending: Int { tokens.count - computed }

  /// Forgets all KV entries, so that everything is computed anew (preemption by recompute).
  mutating func restart() {
    wasPreempted = true
    computed = 0
    prefix = .root
    rememberedBlocks = 0
  }
}
