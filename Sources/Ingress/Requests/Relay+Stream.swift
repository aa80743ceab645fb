import HTTP
import OpenAI
import Platform
import Telemetry

extension Relay {
  /// Relays a stream as it comes; the rank is read no faster than the client reads.
  func stream(_ answer: HTTPAnswer, _ place: Assignment) async -> Outcome {
    service.pool.reportSuccess(of: place.rank)
    service.metrics.stats.add(.promptTokens, answer.head["x-dpdeploy-prompt-tokens"].flatMap { Int($0) } ?? 0)
    await exchange.beginStream(head: downstreamHead(answer))
    var filter = EventFilter()
    do throws(HTTPError) {
      while let piece = try await answer.read(until: deadline) {
        let passage = filter.add(piece)
        await exchange.write(passage.bytes)
        note(tokens: passage.tokens, place)
      }
      await exchange.write(filter.finish())
      if filter.isDone {
        await exchange.endStream()
        return .ended(exchange.isAbandoned ? .clientGone : End(status: 200))
      }
      return .ended(await cut(filter, "its stream ended early"))
    } catch {
      return .ended(await cut(filter, error.description))
    }
  }

  private func note(tokens: Int, _ place: Assignment) {
    guard tokens > 0 else { return }
    let isFirst = times.first == nil
    times.add(tokens: tokens, at: .now)
    if isFirst { service.metrics.sawFirstToken(times) }
    service.metrics.stats.add(.generationTokens, tokens)
    place.add(tokens: tokens)
  }

  /// Ends a stream that cannot be completed: an error event, no `[DONE]` and no clean end.
  private func cut(_ filter: EventFilter, _ reason: String) async -> End {
    if interruption.reason == .clientGone || exchange.isAbandoned { return .clientGone }
    if !filter.hasFailed { await exchange.write(breakage(reason).event) }
    exchange.abort()
    return End(status: 200, isBroken: true)
  }

  private func breakage(_ reason: String) -> APIError {
    if interruption.reason == .drained {
      return .unavailable(
        "This ingress replica ended before the answer was complete; send it again.")
    }
    if Instant.now >= deadline {
      return .internalError("The request's time was over before the answer was complete.")
    }
    return .internalError(
      "The rank failed before the answer was complete (\(reason)); send it again.")
  }
}
