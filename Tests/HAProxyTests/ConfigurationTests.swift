import Testing

@testable import HAProxy

/// A front that does everything.
let fullSettings = FrontSettings(
  usesTLS: true, offersHTTP2: true, requestsPerSecond: 2.5, rateKey: .key, checkIntervalMilliseconds: 2000,
  threads: 2, maxConnections: 1000, timeoutMilliseconds: 605_000, drainMilliseconds: 20_000, slots: 3)

func paths(in folder: String) -> FrontPaths {
  FrontPaths(
    listenDescriptor: 3, runtimeSocket: "\(folder)/f0.sock", certificate: "\(folder)/f0.pem",
    slotSocket: { "\(folder)/i\($0).http" })
}

@Suite struct `A configuration` {
  @Test func `with everything is this text`() {
    let text = Configuration(fullSettings, paths(in: "/run"), states: [.ready, .drain]).text
    #expect(
      text
        == """
        # Written by dpdeploy for each start; changes are lost.
        global
          fd-hard-limit 2256
          nbthread 2
          tune.bufsize 65536
          hard-stop-after 20000ms
          log stdout format raw daemon notice
          stats socket '/run/f0.sock' mode 600 level admin
          ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
          ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20

        defaults
          mode http
          log global
          option dontlog-normal
          option dontlognull
          option http-no-delay
          option abortonclose
          option redispatch 1
          retries 3
          retry-on conn-failure empty-response
          timeout connect 1s
          timeout http-request 30s
          timeout http-keep-alive 75s
          timeout client 605000ms
          timeout server 605000ms
          http-error status 400 content-type application/json string \
        '{"error":{"message":"The request is no valid HTTP.","type":"invalid_request_error","param":null,"code":400}}'
          http-error status 408 content-type application/json string \
        '{"error":{"message":"The request's head did not arrive within 30 s.","type":"invalid_request_error","param":null,"code":408}}'
          http-error status 502 content-type application/json string \
        '{"error":{"message":"The ingress replica that had the request is gone.","type":"server_error","param":null,"code":502}}'
          http-error status 503 content-type application/json hdr Retry-After 1 string \
        '{"error":{"message":"No ingress replica takes requests now.","type":"server_error","param":null,"code":503}}'
          http-error status 504 content-type application/json string \
        '{"error":{"message":"The request took too long.","type":"server_error","param":null,"code":504}}'

        frontend clients
          bind fd@3 ssl crt '/run/f0.pem' alpn h2,http/1.1
          option forwardfor
          http-request set-header X-Forwarded-Proto https
          http-request track-sc0 req.hdr(authorization),sha2(256),hex table rates if { req.hdr(authorization) -m found }
          http-request track-sc0 src table rates if !{ req.hdr(authorization) -m found }
          http-request return status 429 content-type application/json hdr Retry-After 10 string \
        '{"error":{"message":"More than 25 requests within 10 s; wait and try again.","type":"rate_limit_error","param":null,"code":429}}' \
        if { sc_http_req_rate(0) gt 25 }
          default_backend ingress

        backend rates
          stick-table type string len 64 size 100k expire 30s store http_req_rate(10s)

        backend ingress
          balance leastconn
          option httpchk
          http-check send meth GET uri /version
          http-check expect status 200
          default-server check inter 2000ms fastinter 250ms fall 2 rise 1
          server ingress-0 'unix@/run/i0.http'
          server ingress-1 'unix@/run/i1.http' disabled
          server ingress-2 'unix@/run/i2.http' disabled

        """.replacing("request's", with: #"request'\''s"#))
  }

  @Test func `without TLS and limits names no file and counts nobody`() {
    var plain = fullSettings
    plain.usesTLS = false
    plain.requestsPerSecond = nil
    let text = Configuration(plain, paths(in: "/run"), states: []).text
    #expect(text.contains("\n  bind fd@3\n"))
    for word in ["ssl", "pem", "rates", "429"] { #expect(!text.contains(word), "\(word)") }
  }
}

@Suite struct `The runtime socket` {
  @Test func `is told of every slot, those without a replica included`() {
    let commands = RuntimeCommands([.ready, .drain], slots: 3)
    #expect(
      commands.line
        == "set server ingress/ingress-0 state ready;set server ingress/ingress-1 state drain;"
        + "set server ingress/ingress-2 state maint\n")
  }

  @Test func `objects with a line of text, and agrees with none`() {
    #expect(RuntimeCommands.objection(in: "\n\n\n") == nil)
    #expect(RuntimeCommands.objection(in: "\nNo such server.\n\n") == "No such server.")
  }
}
