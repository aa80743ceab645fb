import Platform

/// A protection that a test can have left out, to see that the fault matrix turns red without it.
enum Protection: String {
  /// What is acknowledged is on disk.
  case durability
  /// Processes of a former controller are found by the tokens that they carry, whatever the records say.
  case tokens

  /// The environment variable that names the one to leave out; it counts only where ``Failpoint/variable`` is set too.
  static let variable = "DPDEPLOY_WITHOUT"
  private static let omitted = Environment[Failpoint.variable] == nil ? nil : Environment[variable]

  /// Whether it holds.
  var isOn: Bool { rawValue != Self.omitted }
}
