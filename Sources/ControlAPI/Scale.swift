/// Other numbers of replicas than the manifest's: the body of `POST /v1/applications/NAME/scale`.
public struct ScaleRequest: Codable, Sendable, Hashable {
  /// Groups of ranks; absent leaves their number.
  public var replicas: Int?
  /// Ingress replicas; absent leaves their number.
  public var ingressReplicas: Int?
  /// Whether the manifest's numbers hold again; the others are absent then.
  public var reset: Bool?

  /// Asks for so many.
  public init(replicas: Int? = nil, ingressReplicas: Int? = nil) {
    self.replicas = replicas
    self.ingressReplicas = ingressReplicas
  }

  /// Asks for the manifest's numbers.
  public static var toManifest: ScaleRequest {
    var request = ScaleRequest()
    request.reset = true
    return request
  }
}

/// Numbers that were set by hand and hold in the place of the manifest's until the next apply.
public struct ScaleStatus: Codable, Sendable, Hashable {
  /// Groups of ranks; absent where the manifest's number holds.
  public var replicas: Int?
  /// Ingress replicas; absent where the manifest's number, or range, holds.
  public var ingressReplicas: Int?

  /// States what was set; nil when nothing was.
  public init?(replicas: Int?, ingressReplicas: Int?) {
    guard replicas != nil || ingressReplicas != nil else { return nil }
    self.replicas = replicas
    self.ingressReplicas = ingressReplicas
  }

  /// `3 groups, 4 ingress replicas`.
  public var words: String {
    let parts = [
      replicas.map { "\($0) group\($0 == 1 ? "" : "s")" },
      ingressReplicas.map { "\($0) ingress replica\($0 == 1 ? "" : "s")" },
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}
