import JSON

/// Sizes in a `config.json`, held to what a model may have so that arithmetic with them cannot overflow.
struct ConfiguredSizes {
  let config: JSONValue

  /// Far above any dimension, vocabulary or number of layers that was ever trained.
  private static let most = 1 << 19
  /// Far above the parameters of any model, and far below what 64 bits hold.
  private static let mostParameters = 1e14

  /// A size that must be there and above 0.
  subscript(name: String) -> Int {
    get throws(PlanningError) {
      guard let value = try optional(name) else { throw .missing(name) }
      guard value > 0 else { throw .implausible(name) }
      return value
    }
  }

  /// A size that may be missing, or 0.
  func optional(_ name: String) throws(PlanningError) -> Int? {
    guard let value = config[name]?.integer else { return nil }
    guard (0...Self.most).contains(value) else { throw .implausible(name) }
    return value
  }

  /// The first of these sizes that is there, as models name it differently.
  func first(_ names: String...) throws(PlanningError) -> Int? {
    for name in names {
      if let value = try optional(name) { return value }
    }
    return nil
  }

  /// Refuses a model with a part of this many parameters.
  static func check(_ factors: Int...) throws(PlanningError) {
    guard factors.reduce(1, { $0 * Double($1) }) <= mostParameters else {
      throw .implausible("num_hidden_layers")
    }
  }
}
