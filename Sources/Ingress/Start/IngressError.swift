/// Why an ingress replica cannot start.
public struct IngressError: Error, CustomStringConvertible {
  /// What is wrong, and of which option.
  public let description: String

  init(_ description: String) { self.description = description }
}
