import Glibc
import HTTP
import Platform
import Randomness

/// Offers load to an endpoint and records what every client would have seen.
@Loop
final class LoadGenerator {
  private let plan: LoadPlan
  private let model: String
  private let client: HTTPClient
  private var generator: SplitMix
  private var begun = 0
  private var countedFrom = Instant.now
  private var cancellations: [Int: HTTPCancellation] = [:]
  private var arrivals: Task<Void, Never>?

  /// What the finished requests saw.
  private(set) var samples: [RequestSample] = []
  /// Those of them that count: without the warm-up's, if there are others.
  var counted: [RequestSample] { samples.filter { $0.start >= countedFrom } }
  /// Whether it was told to stop before its end.
  private(set) var isInterrupted = false

  init(_ plan: LoadPlan, endpoint: Endpoint, model: String) {
    self.plan = plan
    self.model = model
    client = HTTPClient(endpoint)
    generator = SplitMix(seed: plan.seed)
  }

  /// Requests that are under way.
  var inFlight: Int { cancellations.count }

  /// Runs the plan, and tells how long it took without its warm-up; every request that was begun is finished.
  func run() async -> Duration {
    let start = Instant.now
    countedFrom = start + plan.warmup
    let end = plan.duration.map { start + $0 } ?? .never
    let arrivals = Loop.task {
      switch self.plan.arrival {
      case .concurrency(let users): await self.runClosed(users: users, until: end)
      case .rate(let rate): await self.runOpen(rate: rate, until: end)
      }
    }
    self.arrivals = arrivals
    await arrivals.value
    client.closeIdle()
    if counted.isEmpty { countedFrom = start }
    return Instant.now - countedFrom
  }

  /// Begins no more requests and gives up those that are under way, which count for nothing.
  func interrupt() {
    isInterrupted = true
    arrivals?.cancel()
    for cancellation in cancellations.values { cancellation.cancel() }
  }

  private func mayBegin(before end: Instant) -> Bool {
    !isInterrupted && Instant.now < end && begun < plan.requestLimit ?? .max
  }

  private func runClosed(users: Int, until end: Instant) async {
    let tasks = (0..<users).map { _ in
      Loop.task { while self.mayBegin(before: end) { await self.request() } }
    }
    for task in tasks { await task.value }
  }

  private func runOpen(rate: Double, until end: Instant) async {
    var tasks: [Task<Void, Never>] = []
    var next = Instant.now
    while mayBegin(before: end) {
      tasks.append(Loop.task { await self.request() })
      // Exponential gaps make a Poisson process: requests of independent users.
      let gap = -log(1 - Double.random(in: 0..<1, using: &generator)) / rate
      next = next + .nanoseconds(Int64(gap * 1e9))
      await Loop.sleep(until: min(next, end))
    }
    for task in tasks { await task.value }
  }

  private func request() async {
    begun += 1
    let number = begun
    let cancellation = HTTPCancellation()
    cancellations[number] = cancellation
    let sample = await observe(
      CompletionRequest(
        model: model, prompt: plan.prompt(number, using: &generator), maxTokens: plan.maxTokens,
        ignoresEnd: plan.isOutputExact, apiKey: plan.apiKey),
      cancellation)
    cancellations[number] = nil
    if !cancellation.isCancelled { samples.append(sample) }
    // A server that refuses at once must not be hammered in a busy loop.
    if sample.failure != nil { await Loop.sleep(for: .milliseconds(20)) }
  }

  private func observe(_ request: CompletionRequest, _ cancellation: HTTPCancellation) async -> RequestSample
  {
    var sample = RequestSample(start: .now)
    let deadline = Instant.now + plan.timeout
    do {
      let stream = try await CompletionStream.open(
        request, at: client, cancellation: cancellation, until: deadline)
      while let delta = try await stream.next(until: deadline) {
        switch delta {
        case .text: sample.takeText(at: .now)
        case .usage(let prompt, let completion):
          sample.takeUsage(promptTokens: prompt, outputTokens: completion, at: .now)
        }
      }
    } catch {
      sample.failure = error
    }
    sample.end = .now
    return sample
  }
}
