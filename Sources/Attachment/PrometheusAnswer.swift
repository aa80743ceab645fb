import JSON
import WebClient

/// What a Prometheus server answered: its clock, and what it knows of the engines.
struct PrometheusAnswer: Equatable {
  /// Seconds since 1970.
  var time: Double
  var told: Told
}

extension PrometheusServer {
  /// Reads the answers to the queries for its clock and for samples.
  func read(
    clock: Result<WebResponse, WebError>, samples: Result<WebResponse, WebError>
  ) -> Result<PrometheusAnswer, AttachError> {
    do throws(AttachError) {
      let present: Sample = try result(clock)
      return .success(PrometheusAnswer(time: present.time, told: Self.told(try result(samples))))
    } catch {
      return .failure(error)
    }
  }

  /// That it answers and knows of no engine.
  var emptiness: AttachError {
    let wanted = selector.isEmpty ? "" : " with {\(selector)}"
    return AttachError(
      "\(url): there are no vllm, sglang or ray_vllm series\(wanted); see \(url)/targets for what it scrapes")
  }

  private static func told(_ all: [Series]) -> Told {
    var readings: [EngineKey: [Double: EngineReading]] = [:]
    for one in all {
      guard
        let series = EngineSeries(
          name: one.metric["__name__"] ?? "", isScraped: true, label: { one.metric[$0] })
      else { continue }
      for sample in one.values {
        readings[series.key, default: [:]][sample.time, default: EngineReading()].add(sample.value, series)
      }
    }
    return readings.mapValues { times in
      times.map { TimedReading(time: $0, reading: $1) }.sorted { $0.time < $1.time }
    }
  }

  /// The result of a query, or in words why there is none and what to do.
  private func result<Value: Decodable>(_ answer: Result<WebResponse, WebError>) throws(AttachError) -> Value
  {
    let response: WebResponse
    switch answer {
    case .success(let answered): response = answered
    case .failure(.failed(_, let reason)):
      throw AttachError("\(url): \(reason); see whether Prometheus runs there")
    case .failure(.timedOut): throw AttachError("\(url): no answer in time; --selector asks for less")
    case .failure(.tooLarge): throw AttachError("\(url): the answer is too long; --selector asks for less")
    }
    if [401, 403].contains(response.status) {
      throw AttachError("\(url): HTTP \(response.status); set DPDEPLOY_API_KEY to a token that may query it")
    }
    guard let reply = try? JSONReader.decode(Reply<Value>.self, from: response.body) else {
      throw AttachError(
        "\(url): HTTP \(response.status), which is not Prometheus' API; give its URL, or metrics pages by --attach"
      )
    }
    guard let data = reply.data else {
      let problem = reply.error ?? "HTTP \(response.status)"
      throw AttachError("\(url): \(problem)" + (selector.isEmpty ? "" : "; see whether --selector is right"))
    }
    return data.result
  }
}

/// An answer of Prometheus' HTTP API.
private struct Reply<Value: Decodable>: Decodable {
  struct Payload: Decodable { let result: Value }
  let data: Payload?
  let error: String?
  /// Told by every answer, so that no other JSON passes for one.
  let status: String
}

/// A series, and the samples of it.
private struct Series: Decodable {
  let metric: [String: String]
  let values: [Sample]
}

/// A value and its time, which Prometheus writes as `[1700000000.5,"42"]`.
private struct Sample: Decodable {
  let time: Double
  let value: Double

  init(from decoder: any Decoder) throws {
    var pair = try decoder.unkeyedContainer()
    time = try pair.decode(Double.self)
    // What is no number is none, as on a page.
    value = Double(try pair.decode(String.self)) ?? .nan
  }
}
