extension Checker {
  /// What stands before the ingress.
  var front: IngressFront { word(FieldPath.front, .none) }

  /// Settings of a front need one, and a key its certificate.
  mutating func checkFront() {
    guard front == .haproxy else {
      if let given = given(below: FieldPath.haproxy).min(by: { line($0) < line($1) }) {
        diagnostics.report(
          .noEffect, "`ingress.haproxy` does nothing while `front` is `none`", at: span(given),
          help: "set `ingress.front` to `haproxy`")
      }
      return
    }
    guard text(FieldPath.certificate) == nil else { return }
    if isGiven(FieldPath.certificateKey) {
      diagnostics.report(
        .missingField, "`key` has no `certificate`", at: span(FieldPath.certificateKey),
        help: "name the certificate's PEM file in `ingress.haproxy.certificate`")
    } else if isGiven(FieldPath.http2), flag(FieldPath.http2) == true {
      diagnostics.report(
        .noEffect, "HTTP/2 is offered over TLS only, and there is no `certificate`",
        at: span(FieldPath.http2),
        help: "name a PEM file in `ingress.haproxy.certificate`, or leave `http2` out")
    }
  }

  private func line(_ path: String) -> Int { span(path)?.line ?? .max }
}
