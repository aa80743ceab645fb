public import JSON

/// The cluster's metric pages.
public enum MetricTargets {
  /// The URLs in the discovery list of `GET /api/prometheus/sd`.
  public static func urls(_ list: JSONValue) -> [String] {
    (list.elements ?? []).flatMap { $0["targets"]?.elements ?? [] }.compactMap(\.string)
      .map { "http://\($0)/metrics" }
  }
}
