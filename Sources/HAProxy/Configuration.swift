/// An `haproxy.cfg`, for HAProxy 2.6 and newer: pure text out of settings.
///
/// Measured on streams of tokens: without `http-no-delay` they arrive in lumps of 100 ms, and a retry goes to another
/// replica at once only with `redispatch 1`.
public struct Configuration: Sendable {
  let settings: FrontSettings
  let paths: FrontPaths
  /// How each slot begins; those beyond the list take nothing.
  let states: [SlotState]

  /// The backend's name, in the configuration and on the runtime socket.
  public static let backend = "ingress"
  /// A request of up to so many bytes is sent again when its replica dies before it answers.
  private static let bufferBytes = 65_536

  /// Describes a process.
  public init(_ settings: FrontSettings, _ paths: FrontPaths, states: [SlotState]) {
    self.settings = settings
    self.paths = paths
    self.states = states
  }

  /// The whole file.
  public var text: String {
    let sections =
      [global, defaults, frontend] + (settings.requestsPerSecond == nil ? [] : [rates]) + [backend]
    return "# Written by dpdeploy for each start; changes are lost.\n"
      + sections.map { $0.joined(separator: "\n  ") + "\n" }.joined(separator: "\n")
  }

  /// A connection takes two descriptors; a limit of the system that is lower lowers the connections.
  private var global: [String] {
    let tls =
      settings.usesTLS
      ? [
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
        "ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
      ] : []
    return [
      "global",
      "fd-hard-limit \(2 * settings.maxConnections + 256)",
      "nbthread \(settings.threads)",
      "tune.bufsize \(Self.bufferBytes)",
      "hard-stop-after \(settings.drainMilliseconds)ms",
      "log stdout format raw daemon notice",
      "stats socket \(Self.quoted(paths.runtimeSocket)) mode 600 level admin",
    ] + tls
  }

  private var defaults: [String] {
    [
      "defaults",
      "mode http",
      "log global",
      "option dontlog-normal",
      "option dontlognull",
      "option http-no-delay",
      "option abortonclose",
      "option redispatch 1",
      "retries 3",
      "retry-on conn-failure empty-response",
      "timeout connect 1s",
      "timeout http-request 30s",
      "timeout http-keep-alive 75s",
      "timeout client \(settings.timeoutMilliseconds)ms",
      "timeout server \(settings.timeoutMilliseconds)ms",
      Self.error(400, "invalid_request_error", "The request is no valid HTTP."),
      Self.error(408, "invalid_request_error", "The request's head did not arrive within 30 s."),
      Self.error(502, "server_error", "The ingress replica that had the request is gone."),
      Self.error(503, "server_error", "No ingress replica takes requests now."),
      Self.error(504, "server_error", "The request took too long."),
    ]
  }

  private var frontend: [String] {
    let tls = settings.usesTLS ? " ssl crt \(Self.quoted(paths.certificate)) alpn \(protocols)" : ""
    return [
      "frontend clients",
      "bind fd@\(paths.listenDescriptor)\(tls)",
      "option forwardfor",
      "http-request set-header X-Forwarded-Proto \(settings.usesTLS ? "https" : "http")",
    ] + rateRules + ["default_backend \(Self.backend)"]
  }

  private var protocols: String { settings.offersHTTP2 ? "h2,http/1.1" : "http/1.1" }

  /// Keys are counted by their hash, so that none can be read from the table.
  private var rateRules: [String] {
    guard let rate = settings.requestsPerSecond else { return [] }
    let period = FrontSettings.ratePeriodSeconds
    let limit = max(1, Int((rate * Double(period)).rounded()))
    let given = "{ req.hdr(authorization) -m found }"
    let counting =
      switch settings.rateKey {
      case .address: ["http-request track-sc0 src table rates"]
      case .key:
        [
          "http-request track-sc0 req.hdr(authorization),sha2(256),hex table rates if \(given)",
          "http-request track-sc0 src table rates if !\(given)",
        ]
      }
    let refusal = Self.body(
      429, "rate_limit_error", "More than \(limit) requests within \(period) s; wait and try again.")
    return counting + [
      "http-request return status 429 content-type application/json hdr Retry-After \(period)"
        + " string \(Self.quoted(refusal)) if { sc_http_req_rate(0) gt \(limit) }"
    ]
  }

  private var rates: [String] {
    let type = settings.rateKey == .key ? "string len 64" : "ipv6"
    let period = FrontSettings.ratePeriodSeconds
    return [
      "backend rates",
      "stick-table type \(type) size 100k expire \(3 * period)s store http_req_rate(\(period)s)",
    ]
  }

  /// `/version` tells whether the process answers; whether ranks serve is the replica's own affair, which lets requests
  /// wait for them.
  private var backend: [String] {
    [
      "backend \(Self.backend)",
      "balance leastconn",
      "option httpchk",
      "http-check send meth GET uri /version",
      "http-check expect status 200",
      "default-server check inter \(settings.checkIntervalMilliseconds)ms fastinter 250ms fall 2 rise 1",
    ] + (0..<settings.slots).map(server)
  }

  private func server(_ slot: Int) -> String {
    let isReady = slot < states.count && states[slot] == .ready
    let name = "server \(Self.server(slot)) \(Self.quoted("unix@" + paths.slotSocket(slot)))"
    return isReady ? name : name + " disabled"
  }

  /// The name of a slot's server.
  static func server(_ slot: Int) -> String { "ingress-\(slot)" }

  private static func error(_ status: Int, _ type: String, _ message: String) -> String {
    let retry = status == 503 ? " hdr Retry-After 1" : ""
    return "http-error status \(status) content-type application/json\(retry) string "
      + quoted(body(status, type, message))
  }

  /// An error as OpenAI's clients read it; `message` holds nothing that JSON would have to escape.
  private static func body(_ status: Int, _ type: String, _ message: String) -> String {
    #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":\#(status)}}"#
  }

  /// A word with whatever in it, as the configuration's reader takes it.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}
