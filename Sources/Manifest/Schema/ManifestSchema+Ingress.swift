extension ManifestSchema {
  static let ingressSections: [Field] = [
    Field.section(
      "ingress_deployment_config", "How the ingress processes are run; Ray Serve's deployment options.",
      vllm: "the same: the ingress is dpdeploy's", ray: "passed on",
      [
        Field(
          "num_replicas", .integer(Scale.ingressRange), "Ingress replicas; excludes `autoscaling_config`.",
          .live),
        Field.section(
          "autoscaling_config", "How the number of ingress replicas follows the load.",
          autoscaling(inIngress: true)),
        Field(
          "max_ongoing_requests", .integer(1...1_000_000),
          "Requests an ingress replica may have at ranks; times `max_replicas` it is one limit for all together.",
          .ingressRoll),
        Field(
          "ray_actor_options", .anything, "Ray's resources of a replica.", .none,
          bundled: .noEffect("there are no Ray actors here")),
      ]),
    Field(
      "ingress_cls_config", .anything, "Ray's ingress class.", .none,
      bundled: .noEffect("there is no Python here"),
      ray: "passed on"),
    Field.section(
      "ingress", "Where requests come in, how they wait and where they go.",
      ray: "Ray's proxy listens instead",
      [
        Field(
          "host", .text(.host), .text("127.0.0.1"), "The address to listen on; 0.0.0.0 takes all.",
          .ingressRoll),
        Field(
          "port", .integer(0...65_535), .integer(8000),
          "The port to listen on; 0 takes any free one, which `status` shows.", .ingressRoll),
        Field(
          "policy",
          .choice(RoutingPolicy.allCases.map(\.rawValue)), .text("power_of_two"),
          "How a rank is chosen: the less loaded of two, the least loaded, in turn, any, by session (headers "
            + "`X-Session-ID`, `X-User-ID`, …, then fields `user`, `session_id`), or by the beginning of the prompt. "
            + "`X-data-parallel-rank` overrides it.", .ingressRoll),
        Field(
          "max_queued_requests", .integer(-1...1_000_000), .integer(4096),
          "Requests that may wait over all ingress replicas, then 503; -1 sets no limit.", .ingressRoll),
        Field(
          "max_queue_wait_s", .number(0...86_400, excludesLower: true), .number(60),
          "How long a request may wait for a rank, then 503.", .ingressRoll),
        Field(
          "max_outage_wait_s", .number(0...86_400), .number(60),
          "How long after the loss of the last rank requests wait for another, then 503 at once.",
          .ingressRoll),
        Field(
          "request_timeout_s", .number(0...86_400, excludesLower: true), .number(600),
          "How long a request may take in all.", .ingressRoll),
        Field(
          "api_keys_file", .text(.any),
          "A file of accepted API keys with mode 0600, a line each: `KEY [name=NAME] [max_ongoing_requests=N]`; it is "
            + "read again when it changes. Relative paths start at the manifest's folder.",
          .ingressRoll),
        Field(
          "max_body_size", .size, .integer(16 << 20), "How large a request's body may be, then 413.",
          .ingressRoll),
        Field(
          "cors_allow_origins", .texts,
          "Origins whose pages may ask from a browser, as vLLM's `--allowed-origins`; `*` is every one.",
          .ingressRoll),
        Field(
          "access_log", .choice(AccessLogFormat.allCases.map(\.rawValue)), .text("none"),
          "Whether and how a replica logs ended requests; never a prompt, an answer or a key.", .ingressRoll),
        Field(
          "access_log_sample", .number(0...1), .number(1),
          "The share of requests that is logged; those that failed by the system's fault always are.",
          .ingressRoll),
        Field(
          "otlp_endpoint", .text(.any),
          "An OpenTelemetry collector, `http://ADDRESS:4318`, that gets a span for each request, its wait and each attempt.",
          .ingressRoll),
        Field(
          "migration_limit", .integer(0...100), .integer(3),
          "How often a stream moves to another rank when its rank is lost.", .ingressRoll),
        Field(
          "front", .choice(IngressFront.allCases.map(\.rawValue)), .text("none"),
          "What clients connect to in the place of the ingress replicas: an HAProxy that dpdeploy configures, runs and "
            + "drives, for TLS, HTTP/2 and rate limits.", .ingressRoll),
        haproxy,
      ]),
  ]

  private static let haproxy = Field.section(
    "haproxy",
    "What the HAProxy of `front: haproxy` does; a change replaces that process alone, and cuts nobody off.",
    [
      Field(
        "certificate", .text(.any),
        "A PEM file with the certificate and its chain, for TLS; left out, clients speak plain HTTP. Relative paths "
          + "start at the manifest's folder.", .ingressRoll),
      Field(
        "key", .text(.any),
        "A PEM file with the certificate's private key, mode 0600; left out, it stands in `certificate`.",
        .ingressRoll),
      Field("http2", .boolean, .boolean(true), "Whether HTTP/2 is offered, over TLS.", .ingressRoll),
      Field(
        "rate_limit_rps", .number(0...1_000_000, excludesLower: true),
        "Requests a second that one client may send, averaged over 10 s, then 429; left out, there is no limit.",
        .ingressRoll),
      Field(
        "rate_limit_by", .choice(RateLimitKey.allCases.map(\.rawValue)), .text("address"),
        "What a client is: an address, or an API key (and an address where there is none).", .ingressRoll),
      Field(
        "health_check_interval_s", .number(0.1...3600), .number(2),
        "How often each ingress replica is asked whether it lives.", .ingressRoll),
      Field(
        "threads", .integer(1...64), .integer(1),
        "Threads; one carries some ten thousand requests a second, and about a thousand new TLS connections.",
        .ingressRoll),
      Field(
        "max_connections", .integer(1...1_000_000), .integer(10_000),
        "Connections at the same time; more wait. The limit of open files may allow fewer.", .ingressRoll),
      Field(
        "executable", .text(.any), .text("haproxy"), "The program, 2.6 or newer, by name or path.",
        .ingressRoll),
    ])

  /// The fields of Ray's AutoscalingConfig in its meaning, with the defaults of Serve (ingress) or of its LLM layer.
  static func autoscaling(inIngress: Bool) -> [Field] {
    let what = inIngress ? "replicas" : "groups"
    func number(_ name: String, _ fallback: Value, _ summary: String, excludesZero: Bool = false) -> Field {
      Field(
        name, .number(0...(.infinity), excludesLower: excludesZero), fallback, summary, .live)
    }
    return [
      Field(
        "min_replicas", .integer((inIngress ? 1 : 0)...1024), inIngress ? .integer(1) : .null,
        "The least number of \(what).", .live),
      Field(
        "max_replicas", .integer(1...1024),
        "The greatest number of \(what). Left out, it is `min_replicas`.", .live),
      Field(
        "initial_replicas", .integer(0...1024), "The number to start with; left out, it is `min_replicas`.",
        .live),
      number(
        "target_ongoing_requests", .number(inIngress ? 2 : 1e9),
        inIngress
          ? "Requests, running and queued, that a replica should have."
          : "Requests, running and queued, that a rank should have; left out, no load ever asks for another group.",
        excludesZero: true),
      number("upscale_delay_s", .number(30), "How long more must be wished for without a break."),
      number("downscale_delay_s", .number(600), "How long fewer must be wished for without a break."),
      Field(
        "downscale_to_zero_delay_s", .number(0...(.infinity)), .null, "How long none must be wished for.",
        .none,
        bundled: .noEffect("one always runs")),
      number("upscaling_factor", .null, "How much of the way up is gone at once; 1 is all of it."),
      number("downscaling_factor", .null, "How much of the way down is gone at once; 1 is all of it."),
      number("smoothing_factor", .number(1), "Ray's older name for both factors.", excludesZero: true),
      number("upscale_smoothing_factor", .null, "Ray's older name for `upscaling_factor`."),
      number("downscale_smoothing_factor", .null, "Ray's older name for `downscaling_factor`."),
      number(
        "look_back_period_s", .number(30), "The window the load is averaged over.", excludesZero: true),
      Field(
        "metrics_interval_s", .number(0...(.infinity)), .number(10), "How often the load is read.", .none,
        bundled: .noEffect("the load is read once a second")),
      Field(
        "aggregation_function", .choice(["mean", "max", "min"]), .text("mean"), "How the window is folded.",
        .live),
    ]
  }
}
