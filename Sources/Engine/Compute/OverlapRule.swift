import Scheduling

/// When a rank would run a step as two half-batches (`enable_dbo`).
struct OverlapRule: Equatable, Sendable {
  /// Tokens from which a step without prompts overlaps.
  var decodeThreshold: Int
  /// Tokens from which a step with prompts overlaps.
  var prefillThreshold: Int

  /// Whether the step has tokens enough, and one for each half.
  func wants(_ plan: StepPlan) -> Bool {
    let isDecode = plan.entries.allSatisfy { $0.rows.count == 1 }
    return plan.tokens.count >= max(2, isDecode ? decodeThreshold : prefillThreshold)
  }
}
