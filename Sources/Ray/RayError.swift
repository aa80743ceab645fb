/// Why a Ray cluster cannot be driven.
public enum RayError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nobody answers at the address.
  case unreachable(address: String, reason: String)
  /// The cluster asks for a token, and none was sent.
  case tokenMissing(address: String)
  /// The cluster refuses the token.
  case tokenRefused(address: String)
  /// Something else than Ray's dashboard answers there.
  case notRay(address: String, reason: String)
  /// The cluster's Ray is older than what this drives.
  case tooOld(version: String)
  /// Ray is installed without Serve.
  case serveMissing
  /// Somebody else deployed an application of this name.
  case foreign(application: String, by: String)
  /// The cluster's nodes cannot hold the ranks as the manifest places them.
  case placementImpossible(String)
  /// Ray answered a request with an error.
  case refused(status: Int, reason: String)
  /// An answer says something that this version does not know.
  case notUnderstood(String)

  /// The oldest Ray with gangs, whose builder is `build_dp_openai_app`.
  public static let oldest = RayVersion(major: 2, minor: 55)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .unreachable(let address, let reason):
      "no Ray cluster answers at \(address): \(reason); set cluster.address to the dashboard's address (port 8265), or start it with `ray start --head --dashboard-host`"
    case .tokenMissing(let address):
      "the Ray cluster at \(address) asks for a token; name a file with it in cluster.token_file, or set RAY_AUTH_TOKEN_PATH for the controller"
    case .tokenRefused(let address):
      "the Ray cluster at \(address) refuses the token; put the cluster's own into the file of cluster.token_file"
    case .notRay(let address, let reason):
      "what answers at \(address) is no Ray dashboard (\(reason)); set cluster.address to the dashboard's, usually port 8265"
    case .tooOld(let version):
      "the cluster runs Ray \(version), which has no gang scheduling; upgrade it to \(Self.oldest) or newer"
    case .serveMissing: "the cluster's Ray has no Serve; run `pip install 'ray[serve]'` on its nodes"
    case .foreign(let application, let owner):
      "the cluster has an application \(application) already, \(owner); give this one another name, or delete that one first"
    case .placementImpossible(let reason): reason
    case .refused(let status, let reason): "Ray answered \(status): \(reason)"
    case .notUnderstood(let what): "Ray said what this version does not know: \(what)"
    }
  }

  /// A word for scripts.
  public var code: String {
    switch self {
    case .unreachable: "cluster-unreachable"
    case .tokenMissing, .tokenRefused: "cluster-token"
    case .notRay: "cluster-not-ray"
    case .tooOld: "cluster-too-old"
    case .serveMissing: "cluster-without-serve"
    case .foreign: "conflict"
    case .placementImpossible: "does-not-fit"
    case .refused, .notUnderstood: "cluster-error"
    }
  }

  /// The exit code of a command that fails with it.
  public var exitCode: Int32 {
    switch self {
    case .unreachable: 5
    case .foreign: 9
    case .placementImpossible: 4
    case .tooOld, .serveMissing, .notRay, .tokenMissing, .tokenRefused, .refused, .notUnderstood: 1
    }
  }
}

/// A release of Ray.
public struct RayVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The first number.
  public let major: Int
  /// The second number.
  public let minor: Int

  /// States a release.
  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads `2.60.0`, `3.0.0.dev0`; nil for anything else.
  public init?(_ text: String) {
    let numbers = text.split(separator: ".").prefix(2).compactMap { Int($0) }
    guard numbers.count == 2 else { return nil }
    self.init(major: numbers[0], minor: numbers[1])
  }

  /// Orders by age.
  public static func < (left: RayVersion, right: RayVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  /// `2.60`.
  public var description: String { "\(major).\(minor)" }
}
