public import ControlAPI
import Platform
import Telemetry

/// Metrics pages that are watched without a controller, and what was read from them.
///
/// Pure but for the pages given to it, so that tests replay recorded ones.
public struct AttachedSources: Sendable {
  struct Source: Sendable {
    let page: String
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
    news = []
    for (index, answer) in answers.enumerated() {
      let before = sources[index].isReachable
      sources[index].take(answer, at: now)
      if before != sources[index].isReachable { note(sources[index], before: before, at: wallClock) }
    }
    sequence += 1
    noteLatencies(at: now, wallClock: wallClock)
    let application = status(over: window, at: now, wallClock: wallClock)
    return Snapshot(
      sequence: sequence,
      status: Status(
        generatedAt: Timestamp.text(wallClock), controller: .unreachable("attached to metrics endpoints"),
        applications: [application]),
      history: [application.name: [point(at: now, wallClock: wallClock)]], events: news)
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
  fileprivate mutating func take(_ answer: Result<[UInt8], AttachError>, at now: Double) {
    do {
      let read = try EnginePage.read(answer.get())
      problem = read.isEmpty ? "\(page): tells of no engine: there are no vllm or sglang series" : nil
      for (key, reading) in read { engines[key, default: EngineMeter()].take(reading, at: now) }
    } catch {
      problem = "\(error)"
    }
    isReachable = problem == nil
  }
}
