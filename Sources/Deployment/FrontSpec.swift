public import HAProxy

/// What the HAProxy before an ingress is started with.
public struct FrontSpec: Sendable, Equatable, Codable {
  /// The program's path.
  public var executable: String
  /// What it is asked to do.
  public var settings: FrontSettings
  /// The PEM file with the certificate; nil where clients speak plain HTTP.
  public var certificate: String?
  /// The PEM file with the private key; nil when it stands in ``certificate``.
  public var key: String?
  /// What tells these files from others of the same names: a renewed certificate is a reason to start again.
  public var stamp: String

  /// Describes a front.
  public init(
    executable: String, settings: FrontSettings, certificate: String?, key: String?, stamp: String
  ) {
    self.executable = executable
    self.settings = settings
    self.certificate = certificate
    self.key = key
    self.stamp = stamp
  }
}

/// What an ingress process is in the way of a request, where that is not everything.
public enum IngressStation: Sendable, Equatable, Codable {
  /// An ingress replica that a front connects to, on a socket of its own.
  case behindFront
  /// The front.
  case front(FrontSpec)
}

extension IngressSpec {
  /// Whether it is the front's.
  public var isFront: Bool { if case .front = station { true } else { false } }
}

extension ApplicationSpec {
  /// What the front is started with, in the form that all ingress processes share; nil where there is none.
  public var frontProcess: IngressSpec? {
    guard var front else { return nil }
    // A slot for each row of the load board: replicas are numbered alike in both.
    front.settings.slots = ingress.boardRows
    var process = IngressSpec(
      host: ingress.host, port: ingress.port, arguments: [], boardRows: Self.frontPlaces)
    process.station = .front(front)
    process.restarts = ingress.restarts
    return process
  }

  /// Fronts that can be there at the same time: one, and those that it replaces.
  private static let frontPlaces = 8
}
