public import ControlAPI
public import Platform
import WebClient

/// Watches engines through their metrics pages, without a controller and without changing anything.
@Loop
public final class Attachment {
  /// What the pages told so far.
  private var sources: AttachedSources
  private let requests: [WebRequest]
  private let client = WebClient()

  /// Watches these pages, each as ``AttachedURL/page(_:)`` gives it.
  ///
  /// - Parameter bearerToken: Sent to all of them; nil sends none.
  public init(pages: [String], bearerToken: String? = nil) {
    sources = AttachedSources(pages: pages, startedAt: WallClock.secondsSinceEpoch)
    requests = pages.map { WebRequest(url: $0, bearerToken: bearerToken) }
  }

  /// Reads all pages once; those that have not answered by `deadline` count as lost.
  ///
  /// - Parameter window: Over how many of the last seconds to take the application's rates and quantiles.
  public func read(over window: Double, until deadline: Instant) async -> Snapshot {
    let answers = await client.fetch(requests, until: deadline)
    let bodies = zip(requests, answers).map { request, answer in Self.body(request, answer) }
    return sources.take(bodies, over: window, at: Self.now, wallClock: WallClock.secondsSinceEpoch)
  }

  /// How late requests were over the last `window` seconds, as far as the pages told.
  public func insight(over window: Double) -> Insight {
    sources.insight(over: window, at: Self.now, wallClock: WallClock.secondsSinceEpoch)
  }

  private static var now: Double { Double(Instant.now.nanoseconds) * 1e-9 }

  private static func body(
    _ request: WebRequest, _ answer: Result<WebResponse, WebError>
  ) -> Result<[UInt8], AttachError> {
    switch answer {
    case .failure(let error): .failure(AttachError(error.description))
    case .success(let response) where response.status == 200: .success(response.body)
    case .success(let response):
      .failure(AttachError("\(request.url): HTTP \(response.status)" + advice(response.status)))
    }
  }

  private static func advice(_ status: Int) -> String {
    switch status {
    case 401, 403: "; set DPDEPLOY_API_KEY to the endpoint's token"
    case 404: "; give the whole URL of the metrics page"
    default: ""
    }
  }
}
