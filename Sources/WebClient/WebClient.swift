import CCurl
public import Platform

/// Fetches pages over HTTP and HTTPS with libcurl, many at once, on a thread of its own; connections are kept.
public actor WebClient {
  /// Longer answers are refused.
  public static let bodyLimit = 64 << 20

  private let thread = WorkerThread()
  private let multi: OpaquePointer?
  private var handles: [String: WebHandle] = [:]

  /// Where this actor's work is done.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// A client without connections.
  public init() { multi = curl_multi_init().map { OpaquePointer($0) } }

  isolated deinit {
    for handle in handles.values { handle.close() }
    if let multi { curl_multi_cleanup(UnsafeMutableRawPointer(multi)) }
  }

  /// Answers to all requests, in their order; what is not there by `deadline` counts as failed.
  public func fetch(
    _ requests: [WebRequest], until deadline: Instant
  ) -> [Result<WebResponse, WebError>] {
    transfer(requests, into: nil, until: deadline).map { $0.result() }
  }

  /// The same, but that each answer's body goes into a copy of `sink` as it comes, and is kept nowhere else.
  public func fetch<Sink: WebSink>(
    _ requests: [WebRequest], into sink: Sink, until deadline: Instant
  ) -> [(answer: Result<WebResponse, WebError>, sink: Sink)] {
    transfer(requests, into: sink, until: deadline).map { ($0.result(), $0.takeSink() ?? sink) }
  }

  private func transfer(
    _ requests: [WebRequest], into sink: (any WebSink)?, until deadline: Instant
  ) -> [WebHandle] {
    let transfers = requests.map { request -> WebHandle in
      let handle = handles[request.url] ?? WebHandle(request.url)
      handles[request.url] = handle
      handle.prepare(request, limit: Self.bodyLimit, into: sink)
      return handle
    }
    guard let multi else { return transfers }
    let stack = UnsafeMutableRawPointer(multi)
    for transfer in transfers { curl_multi_add_handle(stack, transfer.raw) }
    run(stack, transfers, until: deadline)
    for transfer in transfers { curl_multi_remove_handle(stack, transfer.raw) }
    return transfers
  }

  private func run(_ stack: UnsafeMutableRawPointer, _ transfers: [WebHandle], until deadline: Instant) {
    var running: Int32 = 1
    while curl_multi_perform(stack, &running) == CURLM_OK {
      note(stack, transfers)
      let left = (deadline - .now).wholeNanoseconds / 1_000_000
      guard running > 0, left > 0 else { return }
      curl_multi_poll(stack, nil, 0, Int32(clamping: left), nil)
    }
  }

  private func note(_ stack: UnsafeMutableRawPointer, _ transfers: [WebHandle]) {
    var left: Int32 = 0
    while let message = curl_multi_info_read(stack, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      let ended = message.pointee.easy_handle
      transfers.first { $0.raw == ended }?.code = ccurl_result(message)
    }
  }
}

/// One page's transfer; used by its client's thread alone.
private final class WebHandle {
  let raw: UnsafeMutableRawPointer?
  /// How it ended; nil while it runs.
  var code: CURLcode?
  private let url: String
  private let problem = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private var headers: UnsafeMutablePointer<curl_slist>?
  private var sink: (any WebSink)?
  private var body: [UInt8] = []
  private var length = 0
  private var limit = 0
  private var isTooLarge = false

  init(_ url: String) {
    self.url = url
    raw = curl_easy_init()
  }

  func prepare(_ request: WebRequest, limit: Int, into sink: (any WebSink)?) {
    code = nil
    self.sink = sink
    body = []
    length = 0
    isTooLarge = false
    self.limit = limit
    problem.pointee = 0
    curl_slist_free_all(headers)
    headers = request.bearerToken.flatMap { curl_slist_append(nil, "Authorization: Bearer \($0)") }
    if request.body != nil { headers = curl_slist_append(headers, "Content-Type: application/json") }
    ccurl_set_text(raw, CURLOPT_URL, url)
    ccurl_set_text(raw, CURLOPT_ACCEPT_ENCODING, "")
    ccurl_set_text(raw, CURLOPT_PROTOCOLS_STR, "http,https")
    ccurl_set_number(raw, CURLOPT_NOSIGNAL, 1)
    ccurl_set_number(raw, CURLOPT_FOLLOWLOCATION, 1)
    ccurl_set_number(raw, CURLOPT_MAXREDIRS, 4)
    ccurl_set_headers(raw, headers)
    prepareMethod(request)
    ccurl_set_error_buffer(raw, problem)
    ccurl_set_writer(
      raw,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let handle = Unmanaged<WebHandle>.fromOpaque(context).takeUnretainedValue()
        return handle.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func prepareMethod(_ request: WebRequest) {
    // It clears what a former request of this handle has set.
    ccurl_set_number(raw, CURLOPT_HTTPGET, 1)
    if let body = request.body { ccurl_set_text(raw, CURLOPT_COPYPOSTFIELDS, body) }
    if request.method == "GET" {
      ccurl_set_text(raw, CURLOPT_CUSTOMREQUEST, nil)
    } else {
      ccurl_set_text(raw, CURLOPT_CUSTOMREQUEST, request.method)
    }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    length += bytes.count
    guard length <= limit else {
      isTooLarge = true
      return 0
    }
    if let goesOn = sink?.take(bytes) { return goesOn ? bytes.count : 0 }
    body += bytes
    return bytes.count
  }

  func takeSink<Sink: WebSink>() -> Sink? {
    defer { sink = nil }
    return sink as? Sink
  }

  func result() -> Result<WebResponse, WebError> {
    guard let code else { return .failure(.timedOut(url: url)) }
    if isTooLarge { return .failure(.tooLarge(url: url, limit: limit)) }
    guard code == CURLE_OK else {
      let reason = problem.pointee != 0 ? String(cString: problem) : String(cString: curl_easy_strerror(code))
      return .failure(.failed(url: url, reason: reason))
    }
    return .success(WebResponse(status: ccurl_status(raw), body: body))
  }

  func close() {
    curl_easy_cleanup(raw)
    curl_slist_free_all(headers)
    problem.deallocate()
  }
}
