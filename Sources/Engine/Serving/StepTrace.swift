import OpenAI
import Platform

/// Steps as trace events, which Perfetto and chrome://tracing draw.
///
/// Times are microseconds of the machine's monotonic clock, so traces of ranks of one machine can be laid side by side.
struct StepTrace {
  /// One step.
  struct Step: Equatable, Sendable {
    let phases: StepPhases
    let tokens: Int
  }

  /// The process that the events belong to.
  let rank: Int
  let steps: [Step]

  /// `{"traceEvents":[…]}`.
  var json: [UInt8] {
    var json = JSONWriter(capacity: 128 + steps.count * 800)
    json.raw("{\"displayTimeUnit\":\"ms\",\"traceEvents\":")
    json.array(steps.flatMap(events)) { json, event in write(event, &json) }
    json.raw("}")
    return json.bytes
  }

  private struct Event {
    let name: String
    let start: Instant
    let duration: Duration
    let step: Step
  }

  /// The phases one after the other, within the step.
  ///
  /// Experts and waits alternate with attention layer by layer; each is drawn as one sum at the end of what holds it.
  private func events(_ step: Step) -> [Event] {
    let phases = step.phases
    let agree = phases.start + phases.schedule
    let forward = agree + phases.agree
    let sample = forward + phases.forward
    let spans: [(String, Instant, Duration)] = [
      ("step", phases.start, phases.whole), ("schedule", phases.start, phases.schedule),
      ("agree", agree, phases.agree), ("forward", forward, phases.forward),
      ("experts", forward + (phases.forward - phases.experts), phases.experts),
      ("wait", forward + (phases.forward - phases.wait), phases.wait),
      ("sample", sample, phases.sample),
    ]
    return spans.map { Event(name: $0.0, start: $0.1, duration: $0.2, step: step) }
  }

  private func write(_ event: Event, _ json: inout JSONWriter) {
    json.raw("{\"name\":")
    json.string(event.name)
    json.raw(",\"ph\":\"X\",\"ts\":")
    json.number(Double(event.start.nanoseconds) / 1000)
    json.raw(",\"dur\":")
    json.number(Double(max(0, event.duration.wholeNanoseconds)) / 1000)
    json.raw(",\"pid\":")
    json.integer(rank)
    json.raw(",\"tid\":0,\"args\":{\"tokens\":")
    json.integer(event.step.tokens)
    json.raw(",\"chunks\":")
    json.integer(event.step.phases.chunks)
    json.raw(",\"step\":")
    json.integer(Int(clamping: event.step.phases.number))
    json.raw("}}")
  }
}
