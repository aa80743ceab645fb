import Platform

/// What clients and operators got.
extension Judge {
  /// What every stream says.
  static let reference = (0..<20).map { "t\($0) " }.joined()
  /// A status may be behind the clients by this much.
  private static let staleness = Duration.seconds(3)
  /// A deployment of fakes is HEALTHY again within this time.
  private static let patience = Duration.seconds(20)
  private static let documentedCodes: Set<Int32> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130]

  var brokenStreams: [String] {
    evidence.streams.compactMap { stream in
      if stream.isDone, stream.text == Self.reference { return nil }
      if stream.isDone { return "a stream said `\(stream.text)`" }
      guard let error = stream.error else { return "a stream ended in silence after `\(stream.text)`" }
      return evidence.mayFail ? nil : "a stream failed: \(error)"
    }
  }

  /// HEALTHY is a lie when every request that ended in the seconds before it, and some did, had failed.
  var falseStatuses: [String] {
    evidence.statuses.filter(\.isHealthy).compactMap { status in
      let recent = evidence.streams.filter { $0.end <= status.time && $0.end + Self.staleness > status.time }
      let begun = recent.filter { $0.start + Self.staleness > status.time }
      guard !begun.isEmpty, recent.allSatisfy({ !$0.isDone }) else { return nil }
      let since = recent.map(\.end).min() ?? status.time
      return status.time - since > .seconds(1)
        ? "HEALTHY while \(recent.count) requests in a row failed" : nil
    }
  }

  var slowRecoveries: [String] {
    evidence.recoveries.filter { $0 > Self.patience }.map { "it took \($0)" }
  }

  var strangeEnds: [String] {
    evidence.commands.compactMap { command in
      guard let code = command.code else { return "`\(command.words)` was killed by a signal" }
      guard Self.documentedCodes.contains(code) else { return "`\(command.words)` ended with \(code)" }
      return command.took > command.limit ? "`\(command.words)` took \(command.took)" : nil
    }
  }
}
