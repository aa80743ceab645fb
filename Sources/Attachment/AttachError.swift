/// Why a page could not be read, in words.
public struct AttachError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public let description: String

  /// An error of these words.
  public init(_ description: String) { self.description = description }
}
