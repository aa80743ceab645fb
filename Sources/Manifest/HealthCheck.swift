/// How long a process that serves may give no sign of life, or make no step while there is work for it.
public struct HealthCheck: Sendable, Equatable {
  /// A check fails after so many seconds without a sign of life: its deployment is not HEALTHY then.
  public let seconds: Double
  /// After so many seconds, three checks in a row as in Ray, a process is taken for dead.
  public var limitSeconds: Double { 3 * seconds }

  init(_ checked: Checker) {
    seconds = max(
      checked.number(FieldPath.healthCheckPeriod) ?? 10, checked.number(FieldPath.healthCheckTimeout) ?? 10)
  }
}
