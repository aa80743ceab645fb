public import ControlAPI
import Machines
public import Platform
import WebClient

/// Watches engines through their metrics pages or through Prometheus, without a controller and without changing anything.
@Loop
public final class Attachment {
  /// Where the numbers come from.
  private enum Origin {
    case pages([WebRequest])
    case prometheus(PrometheusWatch)
  }

  /// What was told so far.
  private var sources: AttachedSources
  private let origin: Origin
  private let client = WebClient()
  private let machines: MachineWatch
  private var matches = DeviceMatches()

  /// How long pages may take before they count as lost.
  private nonisolated static let patience = Duration.milliseconds(900)

  /// Watches these pages, each as ``AttachedURL/page(_:)`` gives it.
  ///
  /// - Parameters:
  ///   - bearerToken: Sent to all of them; nil sends none.
  ///   - exporters: Metrics pages that tell of devices.
  public init(pages: [String], bearerToken: String? = nil, exporters: [String] = []) {
    machines = MachineWatch(exporters: exporters)
    sources = AttachedSources(pages: pages, startedAt: WallClock.secondsSinceEpoch)
    origin = .pages(pages.map { WebRequest(url: $0, bearerToken: bearerToken) })
  }

  /// Watches the engines that a Prometheus server reads.
  ///
  /// - Parameters:
  ///   - bearerToken: Sent to it; nil sends none.
  ///   - exporters: Metrics pages that tell of devices.
  public init(prometheus server: PrometheusServer, bearerToken: String? = nil, exporters: [String] = []) {
    machines = MachineWatch(exporters: exporters)
    sources = AttachedSources(prometheus: server, startedAt: WallClock.secondsSinceEpoch)
    origin = .prometheus(PrometheusWatch(server, bearerToken: bearerToken))
  }

  /// How many reads it takes, a second apart, to tell rates: Prometheus knows the past.
  public var readsForRates: Int {
    if case .pages = origin { 2 } else { 1 }
  }

  /// Reads all once; what has not answered within a deadline counts as lost.
  ///
  /// - Parameter window: Over how many of the last seconds to take the application's rates and quantiles.
  public func read(over window: Double) async -> Snapshot {
    machines.look()
    var snapshot = await readEngines(over: window)
    snapshot.status.machines = matches.fill(&snapshot.status.applications, from: machines.machines)
    return snapshot
  }

  private func readEngines(over window: Double) async -> Snapshot {
    switch origin {
    case .pages(let requests):
      let answers = await client.fetch(requests, until: .after(Self.patience))
      let bodies = zip(requests, answers).map { request, answer in Self.body(request, answer) }
      return sources.take(bodies, over: window, at: now, wallClock: WallClock.secondsSinceEpoch)
    case .prometheus(let watch):
      let answer = await watch.read(client, interval: sources.scrapeInterval)
      return sources.take([answer], over: window, at: now, wallClock: WallClock.secondsSinceEpoch)
    }
  }

  /// How late requests were over the last `window` seconds, as far as the pages told.
  public func insight(over window: Double) -> Insight {
    sources.insight(over: window, at: now, wallClock: WallClock.secondsSinceEpoch)
  }

  /// The present by the clock of the readings.
  private var now: Double {
    if case .prometheus(let watch) = origin { watch.now } else { Instant.now.inSeconds }
  }

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

extension Instant {
  /// Seconds on the monotonic clock.
  var inSeconds: Double { Double(nanoseconds) * 1e-9 }
}
