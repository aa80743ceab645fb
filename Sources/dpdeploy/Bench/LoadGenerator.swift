import Glibc
import HTTP
import Platform

/// Offers load to an endpoint and records what every client would have seen.
@Loop
final class LoadGenerator {
  private let plan: LoadPlan
  private let model: String
  private let client: HTTPClient
  private var generator: SeededGenerator
  private var begun = 0
  private var isStopped = false

  /// What the finished requests saw.
  private(set) var samples: [RequestSample] = []
  /// Requests that are under way.
  private(set) var inFlight = 0

  init(_ plan: LoadPlan, endpoint: Endpoint, model: String) {
    self.plan = plan
    self.model = model
    client = HTTPClient(endpoint)
    generator = SeededGenerator(seed: plan.seed)
  }

  /// Runs the plan; every request that was begun is finished and counted.
  func run() async -> Duration {
    let start = Instant.now
    let end = start + plan.duration
    switch plan.arrival {
    case .concurrency(let users): await runClosed(users: users, until: end)
    case .rate(let rate): await runOpen(rate: rate, until: end)
    }
    return Instant.now - start
  }

  /// Begins no more requests.
  func stop() { isStopped = true }

  private func mayBegin(before end: Instant) -> Bool {
    !isStopped && Instant.now < end && begun < plan.requestLimit ?? .max
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
    inFlight += 1
    let prompt = LoadPlan.prompts[Int.random(in: 0..<LoadPlan.prompts.count, using: &generator)]
    let chat = ChatRequest(
      model: model, prompt: "(\(begun)) \(prompt)", maxTokens: plan.maxTokens, temperature: 0,
      apiKey: plan.apiKey)
    let sample = await observe(chat)
    inFlight -= 1
    samples.append(sample)
    // A server that refuses at once must not be hammered in a busy loop.
    if sample.failure != nil { await Loop.sleep(for: .milliseconds(20)) }
  }

  private func observe(_ chat: ChatRequest) async -> RequestSample {
    var sample = RequestSample(start: .now)
    let deadline = Instant.now + plan.timeout
    do {
      let stream = try await ChatStream.open(chat, at: client, until: deadline)
      while let delta = try await stream.next(until: deadline) {
        switch delta {
        case .text:
          sample.lastToken = .now
          if sample.firstToken == nil { sample.firstToken = sample.lastToken }
        case .usage(let prompt, let completion):
          // The token that ends a text has none of its own, and the usage follows it at once.
          sample.lastToken = .now
          sample.promptTokens = prompt
          sample.outputTokens = completion
        }
      }
    } catch {
      sample.failure = error
    }
    sample.end = .now
    return sample
  }
}

/// What the client of one request saw.
struct RequestSample: Sendable {
  var start: Instant
  var firstToken: Instant?
  var lastToken: Instant?
  var end: Instant
  var promptTokens = 0
  var outputTokens = 0
  var failure: ChatError?

  init(start: Instant) {
    self.start = start
    end = start
  }

  /// Time to first token, in seconds; nil when there was none.
  var ttft: Double? { firstToken.map { ($0 - start).inSeconds } }

  /// Time per output token after the first, in seconds; nil with fewer than two tokens.
  var tpot: Double? {
    guard let firstToken, let lastToken, outputTokens > 1 else { return nil }
    return (lastToken - firstToken).inSeconds / Double(outputTokens - 1)
  }
}
