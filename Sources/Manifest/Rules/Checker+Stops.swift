extension Checker {
  /// A drain for which the file gives more time than the grace it gives a stopping rank contradicts itself.
  mutating func checkStops() {
    // A grace that is the default may stand there because canonical texts spell defaults out.
    guard let grace = values[FieldPath.gracefulShutdown]?.value,
      grace != ManifestSchema.entry(at: FieldPath.gracefulShutdown)?.field.fallback,
      let most = number(FieldPath.gracefulShutdown), let drain = number(FieldPath.drainTimeout), drain > most
    else { return }
    diagnostics.report(
      .conflict,
      "`drain_timeout_s` must end within `graceful_shutdown_timeout_s`: need at most \(grace.json()), "
        + "have \(value(FieldPath.drainTimeout).json())",
      at: span(FieldPath.drainTimeout), note: mention(FieldPath.gracefulShutdown),
      help:
        "lower it to \(grace.json()), or leave `graceful_shutdown_timeout_s` out: the drain is what counts")
  }
}
