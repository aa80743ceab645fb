/// Keeps cached prefixes apart: blocks are shared only within one scope, compared as it is and never by a hash alone.
public struct PrefixScope: Hashable, Sendable {
  /// The adapter whose weights made the entries; empty for the base model.
  public var adapter: String
  /// What the caller said, as for another tenant (`cache_salt`); empty for nothing.
  public var salt: String

  /// The scope of an adapter and a salt.
  public init(adapter: String = "", salt: String = "") {
    self.adapter = adapter
    self.salt = salt
  }
}
