/// Numbers of replicas that an operator asked for by hand, in the place of a manifest's; they count until the next apply.
public struct Scale: Sendable, Equatable, Codable {
  /// Groups of ranks; nil leaves the manifest's number.
  public var groups: Int?
  /// Ingress replicas; nil leaves the manifest's number, or its bounds.
  public var ingressReplicas: Int?

  /// Groups that there may be.
  public static let groupRange = 1...64
  /// Ingress replicas that there may be.
  public static let ingressRange = 1...1024

  /// Asks for so many; without arguments, for what the manifest says.
  public init(groups: Int? = nil, ingressReplicas: Int? = nil) {
    self.groups = groups
    self.ingressReplicas = ingressReplicas
  }

  /// Whether the manifest's numbers hold.
  public var isEmpty: Bool { groups == nil && ingressReplicas == nil }

  /// The same, but for what `newer` says.
  public func merged(with newer: Scale) -> Scale {
    Scale(groups: newer.groups ?? groups, ingressReplicas: newer.ingressReplicas ?? ingressReplicas)
  }

  /// The values that take the place of the file's.
  var overrides: [String: Value] {
    var values: [String: Value] = [:]
    if let groups { values[FieldPath.groups] = .integer(groups) }
    if let ingressReplicas { values[FieldPath.ingressReplicas] = .integer(ingressReplicas) }
    return values
  }
}
