import HTTP
import JSON
import Model
import OpenAI
import Platform
import Scheduling
import Telemetry
import Tokenizer

/// The loop's side of a rank: knows every live request, hands sequences to the compute thread and its tokens back.
@Loop
final class EngineService {
  let options: EngineOptions
  let text: ModelText
  let planner: RequestPlanner
  let metrics: RequestMetrics
  let startedAt: Int
  /// Why the engine is broken; nil while it works.
  private(set) var failure: EngineError?
  /// Whether new requests are refused because the process is about to end.
  var isDraining = false
  /// HTTP requests that are being answered.
  private(set) var answering = 0

  private let inbox: Mailbox<EngineCommand>
  private var live: [RequestID: (answer: Answer, choice: Int, adapter: String?)] = [:]
  private var nextID: UInt64 = 0
  private var random: SeedSource
  let reader = RequestReader()
  /// The adapters; nil when none are served.
  let adapters: AdapterStore?

  init(
    options: EngineOptions, text: ModelText, planner: RequestPlanner, inbox: Mailbox<EngineCommand>,
    metrics: RequestMetrics, adapters: AdapterStore?
  ) {
    self.adapters = adapters
    self.options = options
    self.text = text
    self.planner = planner
    self.inbox = inbox
    self.metrics = metrics
    random = SeedSource(options.seed, rank: options.dataParallelRank)
    startedAt = Int(WallClock.secondsSinceEpoch)
  }

  /// Hands the sequences of a request to the compute thread, but for those whose client has all of them already.
  func begin(_ request: PreparedRequest, _ lease: AdapterStore.Lease?) -> Answer {
    let sampling = request.sampling
    let seed = sampling.seed.map { UInt64(bitPattern: Int64($0)) } ?? request.ticket?.seed ?? random.next()
    let tasks = request.sequences.enumerated().map { index, sequence in
      nextID += 1
      return GenerationTask(
        id: RequestID(nextID), prompt: sequence.prompt, resumed: request.resumed.choices[index] ?? [],
        sampling: planner.sampling(sampling, seed: seed &+ UInt64(sequence.variant)),
        shaping: planner.shaping(sampling), logprobs: sampling.logprobs,
        promptLogprobs: request.promptLogprobs(choice: index),
        maxNewTokens: sequence.maxNewTokens, minNewTokens: min(sampling.minTokens, sequence.maxNewTokens),
        endTokens: planner.endTokens(sampling), priority: request.envelope.priority,
        adapter: lease?.adapter,
        prefixScope: PrefixScope(adapter: lease?.scope ?? "", salt: request.envelope.cacheSalt ?? ""))
    }
    if !request.resumed.isEmpty { metrics.resumed(tokens: request.resumed.count) }
    let rules = GeneratedChoice.Rules(sampling)
    let choices = tasks.enumerated().map { index, task in
      GeneratedChoice(
        index: index, resuming: task, rules: rules, echo: request.sequences[index].echo, text.tokenizer)
    }
    let promptTokens = request.sequences.reduce(0) { $0 + ($1.variant == 0 ? $1.prompt.count : 0) }
    let answer = Answer(ids: tasks.map(\.id), choices: choices, usagePromptTokens: promptTokens)
    for (index, task) in tasks.enumerated() where choices[index].finish == nil {
      live[task.id] = (answer, index, lease?.name)
      inbox.post(.add(task))
    }
    return answer
  }

  /// Gives up what of `answer` is not finished, as when its client has gone.
  func abandon(_ answer: Answer) {
    for id in answer.ids where live.removeValue(forKey: id) != nil {
      inbox.post(.abort(id))
      metrics.finished(.aborted)
    }
  }

  /// Takes the compute thread's events.
  func receive(_ events: [EngineEvent]) {
    for event in events {
      switch event {
      case .ready: continue
      case .membership(let ranks): metrics.enteredView(ranks: ranks.count)
      case .step(let report): take(report)
      case .refused(let id, let error):
        live.removeValue(forKey: id)?.answer.fail(Self.refusal(error))
        if case .queueFull = error { metrics.refusedForQueue() }
        metrics.finished(.failed)
      case .ended(let error): end(error)
      }
    }
  }

  private static func refusal(_ error: SchedulingError) -> APIError {
    if case .queueFull = error { return .unavailable("\(error)") }
    return .badRequest("\(error)", parameter: "prompt")
  }

  private func take(_ report: StepReport) {
    metrics.step(report)
    for admission in report.admitted {
      guard let (answer, choice, _) = live[admission.id] else { continue }
      answer.admit(choice, at: report.time, cachedTokens: admission.cachedTokens)
    }
    for id in report.preempted { live[id].map { $0.answer.preempt($0.choice) } }
    let now = Instant.now
    for new in report.tokens {
      guard let (answer, choice, _) = live[new.id],
        let piece = answer.take(new, choice: choice, text.tokenizer)
      else { continue }
      metrics.token(answer, choice, at: now)
      guard let finish = piece.finish else { continue }
      live[new.id] = nil
      // A stop string ends the choice here; the compute thread does not know of it yet.
      if new.end == nil { inbox.post(.abort(new.id)) }
      metrics.finished(finish.reason, answer, choice)
    }
  }

  /// Sequences that the compute thread has not finished.
  var unfinished: Int { live.count }

  /// Names of adapters: those whose sequences are computed, and those of which all wait, or which are being read.
  var adaptersInUse: (running: [String], waiting: [String]) {
    var (running, waiting) = (Set<String>(), Set(adapters?.awaited ?? []))
    for case (let answer, let choice, let name?) in live.values {
      if answer.times[choice].admitted == nil { waiting.insert(name) } else { running.insert(name) }
    }
    return (running.sorted(), waiting.subtracting(running).sorted())
  }

  private func end(_ error: EngineError?) {
    let error = error ?? .system("the engine has stopped")
    failure = error
    for (_, entry) in live {
      entry.answer.fail(.internalError("EngineCore encountered an issue: \(error)"))
      metrics.finished(.failed)
    }
    live = [:]
  }

  /// Counts an HTTP request that is being answered.
  func track<Value>(_ body: () async throws(APIError) -> Value) async throws(APIError) -> Value {
    answering += 1
    defer { answering -= 1 }
    return try await body()
  }
}

/// Seeds for requests that bring none.
struct SeedSource {
  private let base: UInt64
  private var count = 0

  /// Ranks of one group get one seed and must not draw alike.
  init(_ seed: UInt64?, rank: Int) {
    base = seed.map { CounterGenerator(seed: $0).bits(position: -1 - rank) } ?? .random(in: 0 ... .max)
  }

  mutating func next() -> UInt64 {
    count += 1
    return CounterGenerator(seed: base).bits(position: count)
  }
}
