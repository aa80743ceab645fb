import JSON
public import Platform
public import Ray
import WebClient

/// Reads a cluster's pages of metrics, each as it comes, on a thread of its own: a node that is slow holds nothing else up.
public struct RayMetricsReader: Sendable {
  private let client = WebClient()

  /// A reader without connections.
  public init() {}

  /// The pages of Ray's discovery list; `problem` says why one of them could not be read, and is nil when all were.
  public func pages(
    of cluster: RayCluster, until deadline: Instant
  ) async throws(RayError) -> (pages: [RayMetricsPage], problem: String?) {
    let requests = try await cluster.metricTargets().map { WebRequest(url: $0) }
    var pages: [RayMetricsPage] = []
    var problem: String?
    for (request, (answer, page)) in zip(
      requests, await client.fetch(requests, into: RayMetricsPage(), until: deadline))
    {
      switch answer {
      case .success(let response) where response.status != 200:
        problem = "\(request.url): HTTP \(response.status)"
      case .success: pages.append(page)
      case .failure(let error): problem = page.problem.map { "\(request.url): \($0)" } ?? error.description
      }
    }
    return (pages, problem)
  }
}
