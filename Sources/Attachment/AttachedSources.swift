public import ControlAPI
import Platform
import Telemetry

/// What a source told of each engine, oldest first.
typealias Told = [EngineKey: [TimedReading]]

/// Metrics pages, or a Prometheus server, that are watched without a controller, and what was read from them.
///
/// Pure but for the pages given to it, so that tests replay recorded ones.
public struct AttachedSources: Sendable {
  struct Source: Sendable {
    /// The page's or the server's URL.
    let page: String
    /// Whether it is a Prometheus server, which reads the engines.
    var isPrometheus = false
    var engines: [EngineKey: EngineMeter] = [:]
    /// Why the last read failed; nil when it did not, or there was none.
    var problem: String?
    var isReachable: Bool?
  }

  var sources: [Source]
  let startedAt: Double
  /// The distributions of the last minutes.
  var latencies = LatencyHistory()
  private var sequence = 0
  private var eventCount = 0
  private var news: [Event] = []

  /// Sources at these pages, of which nothing is known yet.
  public init(pages: [String], startedAt: Double) {
    sources = pages.map { Source(page: $0) }
    self.startedAt = startedAt
  }

  /// The engines that a Prometheus server reads, of which nothing is known yet; the clock of all is that server's.
  init(prometheus server: PrometheusServer, startedAt: Double) {
    sources = [Source(page: server.url, isPrometheus: true)]
    self.startedAt = startedAt
  }

  /// How often the engines are looked at by Prometheus; nil where none is known.
  var scrapeInterval: Double? { sources.flatMap { $0.engines.values.compactMap(\.scrapes?.interval) }.max() }

  /// Takes one round of reads over: a body, or why there is none, for every page in order.
  ///
  /// - Parameters:
  ///   - window: Over how many of the last seconds to take the application's rates and quantiles.
  ///   - now: On the monotonic clock, in seconds.
  ///   - wallClock: Seconds since 1970.
  public mutating func take(
    _ answers: [Result<[UInt8], AttachError>], over window: Double = 10, at now: Double,
    wallClock: Double
  ) -> Snapshot {
    let told = zip(sources, answers).map { source, answer in
      answer.flatMap { body in source.told(body, at: now) }
    }
    return take(told, over: window, at: now, wallClock: wallClock)
  }

  /// Takes one round over: what each source told, why it told nothing, or nil where it was not asked.
  mutating func take(
    _ answers: [Result<Told, AttachError>?], over window: Double, at now: Double, wallClock: Double
  ) -> Snapshot {
    news = []
    var past: [HistoryPoint] = []
    for (index, answer) in answers.enumerated() {
      guard let answer else { continue }
      let before = sources[index].isReachable
      if sources[index].engines.isEmpty, case .success(let told) = answer {
        past += relive(told, index, until: now, wallClock: wallClock)
      }
      sources[index].take(answer, at: now)
      if before != sources[index].isReachable { note(sources[index], before: before, at: wallClock) }
    }
    sequence += 1
    noteLatencies(at: now, wallClock: wallClock)
    let application = status(over: window, at: now, wallClock: wallClock)
    return Snapshot(
      sequence: sequence,
      status: Status(
        generatedAt: Timestamp.text(wallClock),
        controller: .unreachable(
          "attached to \(sources.contains(where: \.isPrometheus) ? "Prometheus" : "metrics endpoints")"),
        applications: [application]),
      history: [application.name: past + [point(at: now, wallClock: wallClock)]], events: news)
  }

  /// Goes through what a source's first answer tells of the past second by second, as if it had been watched then.
  private mutating func relive(
    _ told: Told, _ index: Int, until now: Double, wallClock: Double
  ) -> [HistoryPoint] {
    guard let first = told.values.compactMap(\.first?.time).min() else { return [] }
    return stride(from: first, to: now - 1, by: 1).map { second in
      let until = told.mapValues { readings in readings.filter { $0.time > second - 1 && $0.time <= second } }
      sources[index].take(.success(until), at: second)
      let wallClock = wallClock - (now - second)
      noteLatencies(at: second, wallClock: wallClock)
      return point(at: second, wallClock: wallClock)
    }
  }

  private mutating func note(_ source: Source, before: Bool?, at wallClock: Double) {
    // The first answer is no news; silence from the start is.
    guard before != nil || source.isReachable == false else { return }
    eventCount += 1
    let place = AttachedURL.place(source.page)
    news.append(
      Event(
        sequence: eventCount, time: Timestamp.text(wallClock), application: name,
        severity: source.isReachable == true ? .info : .error,
        reason: source.isReachable == true ? "EndpointAnswers" : "EndpointLost", replica: nil,
        message: source.isReachable == true
          ? "\(place) answers again" : source.problem ?? "\(place) does not answer"))
  }
}

extension AttachedSources.Source {
  /// The engines that Prometheus has nothing new of, in order.
  func silent(at now: Double) -> [(EngineKey, EngineMeter)] {
    guard isPrometheus else { return [] }
    return engines.filter { !$1.isFresh(at: now) }.sorted { $0.key < $1.key }
  }

  /// What each engine brought since this was last asked.
  mutating func bring(until now: Double) -> [[EngineIncrease]] {
    engines.indices.map { engines.values[$0].bring(until: now) }
  }

  /// As long as Prometheus itself takes the last look at a series for the present, in seconds.
  private static let lookback = 300.0

  /// What a page's text tells.
  fileprivate func told(_ body: [UInt8], at now: Double) -> Result<Told, AttachError> {
    do throws(PrometheusError) {
      let read = try EnginePage.read(body)
      guard !read.isEmpty else {
        return .failure(AttachError("\(page): tells of no engine: there are no vllm or sglang series"))
      }
      return .success(read.mapValues { [TimedReading(time: now, reading: $0)] })
    } catch {
      return .failure(AttachError("\(error)"))
    }
  }

  fileprivate mutating func take(_ answer: Result<Told, AttachError>, at now: Double) {
    switch answer {
    case .success(let told):
      problem = nil
      for (key, readings) in told {
        for next in readings {
          engines[key, default: EngineMeter(isScraped: isPrometheus)].take(next.reading, at: next.time)
        }
      }
      // Where addresses come and go, those that went are not waited for.
      if isPrometheus { engines = engines.filter { ($1.age(at: now) ?? 0) <= Self.lookback } }
    case .failure(let error): problem = error.description
    }
    isReachable = problem == nil
  }
}
