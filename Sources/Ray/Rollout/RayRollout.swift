import ControlAPI

/// How far a revision has come on a cluster, and which one was healthy before: what Ray does not keep.
///
/// Ray leaves a failed update as it is, with what is left of its replicas, and never goes back.
public struct RayRollout: Sendable, Equatable, Codable {
  /// How far the revision has come.
  public enum Phase: String, Sendable, Codable {
    case updating, healthy, failed
  }

  /// A revision that failed, and the one whose manifest comes back.
  public struct Return: Sendable, Equatable, Codable {
    /// The revision that failed.
    public let from: Int
    /// The revision that was healthy.
    public let to: Int
    /// Why it failed.
    public let reason: String
  }

  /// What a look brought.
  public enum Outcome: Sendable, Equatable {
    /// The revision serves as the manifest has it.
    case becameHealthy
    /// It does not, and will not by itself; the healthy one of that number is to be declared again.
    case failed(String, comesBack: Int?)
  }

  /// The revision that was declared last.
  public private(set) var revision: Int
  /// How far it has come.
  public private(set) var phase = Phase.updating
  /// Why it failed; empty while it has not.
  public private(set) var reason = ""
  /// The last revision that was healthy; nil before there was one.
  public private(set) var lastHealthy: Int?
  /// What the present revision brought back; nil when it was asked for.
  public private(set) var broughtBack: Return?
  /// What is being brought back; nil when nothing is.
  public private(set) var comingBack: Return?
  /// When it must be healthy, in seconds since 1970.
  private var deadline: Double
  private var rollsBack: Bool
  /// When the revision before it was deployed, by Ray's clock: until that moves, Ray's words are about the former.
  private var deployedBefore: Double?

  /// The first revision, declared at `now`.
  public init(revision: Int, at now: Double, allowing seconds: Double, deployedBefore: Double? = nil) {
    self.revision = revision
    deadline = now + seconds
    rollsBack = false
    self.deployedBefore = deployedBefore
  }

  /// Another revision was declared at `now`.
  public mutating func begin(
    revision: Int, at now: Double, allowing seconds: Double, rollsBack: Bool, deployedBefore: Double?
  ) {
    self.revision = revision
    self.rollsBack = rollsBack
    self.deployedBefore = deployedBefore
    deadline = now + seconds
    phase = .updating
    reason = ""
    broughtBack = comingBack
    comingBack = nil
  }

  /// The failed revision stays.
  public mutating func giveUp() { comingBack = nil }

  /// Whether Ray's words are about the present revision.
  public func isAbout(_ application: ServeApplication) -> Bool {
    deployedBefore == nil || application.deployedAt != deployedBefore
  }

  /// Takes a look at `now`.
  public mutating func judge(_ sighting: RaySighting, at now: Double) -> Outcome? {
    guard phase != .healthy, comingBack == nil else { return nil }
    if let application = sighting.application, isAbout(application) {
      if sighting.violation == nil, sighting.isPlaced, application.status == .running, sighting.isAnswered {
        phase = .healthy
        reason = ""
        lastHealthy = revision
        return .becameHealthy
      }
      if let violation = sighting.violation { return fail(violation) }
      if application.status == .deployFailed { return fail(sighting.reason ?? "Ray gives no reason") }
    }
    guard now > deadline else { return nil }
    return fail("it is not healthy in time; " + (sighting.reason ?? "Ray gives no reason"))
  }

  private mutating func fail(_ why: String) -> Outcome? {
    guard phase == .updating else { return nil }
    phase = .failed
    reason = why
    guard rollsBack, let lastHealthy else { return .failed(why, comesBack: nil) }
    comingBack = Return(from: revision, to: lastHealthy, reason: why)
    return .failed(why, comesBack: lastHealthy)
  }
}
