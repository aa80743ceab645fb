import Platform
import Routing
import Telemetry

/// Writes the ingress's `/metrics`.
@Loop
struct MetricsPage {
  private let metrics: IngressMetrics
  private let pool: RankPool
  private let ledger: LoadLedger
  private let labels: MetricLabels
  private static let prefix = "dpdeploy_ingress_"

  init(_ metrics: IngressMetrics, pool: RankPool, ledger: LoadLedger, replica: Int) {
    self.metrics = metrics
    self.pool = pool
    self.ledger = ledger
    labels = MetricLabels(["replica": String(replica)])
  }

  /// The page's text.
  func text() -> [UInt8] {
    var page = PrometheusWriter()
    requests(&page)
    callers(&page)
    gauges(&page)
    counters(&page)
    histograms(&page)
    return page.bytes
  }

  private func requests(_ page: inout PrometheusWriter) {
    let name = Self.prefix + "requests_total"
    page.family(name, .counter, help: "Requests that came to an end, by what the client was told.")
    for (status, count) in metrics.requestsByStatus.sorted(by: { $0.key < $1.key }) {
      page.sample(name, labels.adding("code", String(status)), count)
    }
  }

  private func callers(_ page: inout PrometheusWriter) {
    guard !metrics.requestsByCaller.isEmpty else { return }
    let requests = Self.prefix + "caller_requests_total"
    page.family(requests, .counter, help: "Requests that came to an end, by the name of their API key.")
    for (name, codes) in metrics.requestsByCaller.sorted(by: { $0.key < $1.key }) {
      for (status, count) in codes.sorted(by: { $0.key < $1.key }) {
        page.sample(requests, labels.adding("caller", name).adding("code", String(status)), count)
      }
    }
    let tokens = Self.prefix + "caller_generation_tokens_total"
    page.family(tokens, .counter, help: "Generated tokens, by the name of the API key.")
    for (name, count) in metrics.tokensByCaller.sorted(by: { $0.key < $1.key }) {
      page.sample(tokens, labels.adding("caller", name), count)
    }
  }

  private func gauges(_ page: inout PrometheusWriter) {
    let gauges: [(String, String, IngressStats.Gauge)] = [
      ("queue_depth", "Requests that wait for a rank.", .queueDepth),
      ("in_flight", "Requests that a rank has.", .inFlight),
      ("open_connections", "Connections of clients.", .openConnections),
      ("ranks_live", "Ranks that take requests.", .ranksLive),
    ]
    for (name, help, slot) in gauges {
      page.family(Self.prefix + name, .gauge, help: help)
      page.sample(Self.prefix + name, labels, metrics.stats.value(slot))
    }
    let name = Self.prefix + "rank_in_flight"
    page.family(name, .gauge, help: "Requests from this replica that a rank has.")
    for rank in pool.ranks {
      let place = labels.adding("group", String(rank.key.group)).adding("rank", String(rank.key.rank))
      page.sample(name, place, Int64(ledger.ownRequests(slot: rank.slot)))
    }
  }

  private func counters(_ page: inout PrometheusWriter) {
    let counters: [(String, String, IngressStats.Counter)] = [
      ("queue_full", "Refused because the queue was full.", .queueFull),
      ("queue_timeouts", "Refused after waiting too long.", .queueTimeouts),
      ("retries", "Attempts on another rank.", .retries),
      ("migrations", "Streams that another rank went on with.", .migrations),
      ("client_aborts", "Requests whose client left before the end.", .clientAborts),
      ("stream_errors", "Streams that ended in an error event.", .streamErrors),
      ("prompt_tokens", "Prompt tokens of answered requests, as the ranks told them.", .promptTokens),
      ("generation_tokens", "Generated tokens that were relayed.", .generationTokens),
    ]
    for (name, help, slot) in counters {
      page.family("\(Self.prefix)\(name)_total", .counter, help: help)
      page.sample("\(Self.prefix)\(name)_total", labels, metrics.stats.value(slot))
    }
  }

  private func histograms(_ page: inout PrometheusWriter) {
    let histograms: [(String, String, Histogram)] = [
      ("time_to_first_token", "From a request's arrival to its first token.", metrics.timeToFirstToken),
      (
        "time_per_output_token", "Per token after the first, one a request.", metrics.timePerOutputToken
      ),
      ("request_duration", "From a request's arrival to its end.", metrics.requestDuration),
      ("queue_wait", "Time waiting for a rank.", metrics.queueWait),
      (
        "route_overhead", "What the ingress adds before a rank has the request.", metrics.routeOverhead
      ),
    ]
    for (name, help, histogram) in histograms {
      page.family("\(Self.prefix)\(name)_seconds", .histogram, help: help)
      page.samples("\(Self.prefix)\(name)_seconds", labels, histogram)
    }
  }
}
