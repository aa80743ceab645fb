import Platform

extension Drill {
  /// What `DPDEPLOY_DRILLS` asks for: `all`, or the hints' ids with commas; without it the short ones.
  static var asked: [Drill] {
    guard let wish = Environment["DPDEPLOY_DRILLS"] else { return all.filter(\.isShort) }
    let ids = wish.split(separator: ",")
    return wish == "all" ? all : all.filter { ids.contains(Substring($0.hint)) }
  }

  /// The seed guide's causes first, then the others.
  static let all = startDrills + throughputDrills + latencyDrills + lifeDrills + wasteDrills

  /// A rank on each of two nodes, with these links.
  static func twoNodes(_ links: String) -> (from: String, to: String) {
    (
      "ingress_deployment_config:",
      """
        experimental_configs: {dp_size_per_node: 1}

      cluster: {nodes: 2, devices: 1, links: \(links)}

      ingress_deployment_config:
      """
    )
  }

  /// Something more under `engine_kwargs`.
  static func engine(_ line: String) -> (from: String, to: String) {
    ("    max_num_seqs:", "    \(line)\n    max_num_seqs:")
  }

  /// A toy model has room for shorter requests.
  static let shortLength = (from: "max_model_len: 4096", to: "max_model_len: 2048")
}
