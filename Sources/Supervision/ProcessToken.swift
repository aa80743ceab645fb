import Platform

/// What a process of ours carries in its environment, so that a later controller knows it for ours and for what.
///
/// The text is `<home>:<application>:<role>:<index>:<epoch>:<random>`; descendants inherit it.
public struct ProcessToken: Hashable, Sendable, CustomStringConvertible {
  /// The variable's name.
  public static let variable = "DPDEPLOY_TOKEN"

  /// The home directory, as a hash: one machine may hold several controllers.
  public let home: String
  /// The application.
  public let application: String
  /// `rank` or `ingress`.
  public let role: String
  /// `group-rank` of a rank, the index of an ingress replica.
  public let index: String
  /// The life.
  public let epoch: Int
  /// Tells this process from every other one of the same place and life.
  public let random: String

  /// A token for a new process; no part may hold a colon.
  public init(home: String, application: String, role: String, index: String, epoch: Int) {
    self.home = home
    self.application = application
    self.role = role
    self.index = index
    self.epoch = epoch
    random = String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// Reads a token; nil when `text` is none.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, let epoch = Int(parts[4]), !parts.contains("") else { return nil }
    home = parts[0]
    application = parts[1]
    role = parts[2]
    index = parts[3]
    self.epoch = epoch
    random = parts[5]
  }

  /// The token's text.
  public var description: String { "\(home):\(application):\(role):\(index):\(epoch):\(random)" }

  /// What stands for a home directory's path.
  public static func hash(ofHome path: String) -> String { Fingerprint.of(path) }
}
