import HTTP
import OpenAI
import Platform
import Telemetry

extension Relay {
  /// Relays a stream as it comes; the rank is read no faster than the client reads.
  ///
  /// When it goes on with a stream that another rank began, only what follows is sent, under the head that the client
  /// has already.
  func stream(_ answer: HTTPAnswer, _ place: Assignment) async -> Outcome {
    service.pool.reportSuccess(of: place.rank, adapter: place.adapter)
    if !exchange.isAnswered {
      service.metrics.stats.add(
        .promptTokens, answer.head["x-dpdeploy-prompt-tokens"].flatMap { Int($0) } ?? 0)
      await exchange.beginStream(head: downstreamHead(answer))
    }
    filter.restart()
    place.add(tokens: filter.emitted.count)
    do throws(HTTPError) {
      while filter.failure == nil, let piece = try await answer.read(until: deadline) {
        let passage = filter.add(piece)
        await exchange.write(passage.bytes)
        note(tokens: passage.tokens, place)
      }
      if filter.failure != nil {
        answer.cancel()
        return .broken("the rank gave up")
      }
      guard filter.isDone else { return .broken("its stream ended early") }
      await exchange.write(filter.finish())
      await exchange.endStream()
      return .ended(exchange.isAbandoned ? .clientGone : End(status: 200))
    } catch {
      return filter.isDone ? .ended(await finished()) : .broken(error.description)
    }
  }

  /// A stream that has said `[DONE]` is whole, however its connection ended.
  private func finished() async -> End {
    await exchange.endStream()
    return exchange.isAbandoned ? .clientGone : End(status: 200)
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
  func cut(_ reason: String) async -> End {
    if interruption.reason == .clientGone || exchange.isAbandoned { return .clientGone }
    await exchange.write(filter.failure ?? breakage(reason).event)
    exchange.abort()
    return End(status: 200, isBroken: true)
  }

  private func breakage(_ reason: String) -> APIError {
    if interruption.reason == .drained {
      return .unavailable("This ingress replica ended before the answer was complete; send it again.")
    }
    if Instant.now >= deadline {
      return .internalError("The request's time was over before the answer was complete.")
    }
    return .internalError("The rank failed before the answer was complete (\(reason)); send it again.")
  }
}
