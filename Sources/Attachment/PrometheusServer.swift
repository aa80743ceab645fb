import WebClient

/// A Prometheus server, and what it is asked for.
public struct PrometheusServer: Sendable {
  /// What its API lies under, without a slash at the end.
  let url: String
  /// Matchers that the user wants beside ours, such as `job="vllm"`.
  let selector: String

  /// A server as users name it: `host:9090`, `https://host/prometheus`; nil for what is no URL.
  ///
  /// - Parameter selector: Matchers of the series to look at, with or without braces; empty takes all.
  public init?(url text: String, selector: String = "") {
    guard let url = AttachedURL.server(text) else { return nil }
    self.url = url
    let isInBraces = selector.hasPrefix("{") && selector.hasSuffix("}")
    self.selector = isInBraces ? String(selector.dropFirst().dropLast()) : selector
  }

  /// The query whose answer is the server's clock.
  func clockRequest(_ bearerToken: String?) -> WebRequest { request("time()", bearerToken) }

  /// The query whose answer is all samples of the last seconds, with the times at which they were taken.
  ///
  /// An instant's value would come with the time of the question in place of its own.
  func samplesRequest(seconds: Int, _ bearerToken: String?) -> WebRequest {
    let matchers = [#"__name__=~"\#(MetricName.pattern)""#] + (selector.isEmpty ? [] : [selector])
    return request("{\(matchers.joined(separator: ","))}[\(seconds)s]", bearerToken)
  }

  private func request(_ query: String, _ bearerToken: String?) -> WebRequest {
    WebRequest(url: url + "/api/v1/query?query=" + Self.escaped(query), bearerToken: bearerToken)
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        result.unicodeScalars.append(UnicodeScalar(byte))
      default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
  }
}
