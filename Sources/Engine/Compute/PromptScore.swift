/// How likely the tokens of a prompt are, each after those before it.
struct PromptScore: Equatable, Sendable {
  /// The first token, which comes after nothing.
  let first: Int32
  /// The distributions of the others, as far as they are known.
  var rest: [TokenDistribution] = []
}
