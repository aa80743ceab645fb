import Platform

/// Where the time of one step went, and over how many exchanges.
struct StepPhases: Equatable, Sendable {
  /// The step's number, which all ranks count alike within a view.
  var number: UInt64 = 0
  /// When planning began.
  var start = Instant(nanoseconds: 0)
  /// Choosing the step's tokens.
  var schedule = Duration.zero
  /// Agreeing with the other ranks that there is a step; waits for those that are late.
  var agree = Duration.zero
  /// The model, its experts included.
  var forward = Duration.zero
  /// The part of ``forward`` in routed experts, summed over layers, waits included.
  var experts = Duration.zero
  /// The part of ``experts`` that waited for other ranks.
  var wait = Duration.zero
  /// Drawing tokens.
  var sample = Duration.zero
  /// Pieces that each MoE layer's tokens were exchanged in.
  var chunks = 0

  /// The whole step.
  var whole: Duration { schedule + agree + forward + sample }
}
