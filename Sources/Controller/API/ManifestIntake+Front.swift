import ControlAPI
import Deployment
import Glibc
import HAProxy
import Manifest
import Platform

extension ManifestIntake {
  /// Finds the HAProxy that a manifest asks for, and looks at its certificate; nil when it asks for none.
  func findFront(_ manifest: Manifest, _ lookup: ModelLookup) throws(ControlError) -> FrontSpec? {
    guard let wish = manifest.ingress.haproxy else { return nil }
    let executable = try findHAProxy(wish.executable, lookup)
    let certificate = wish.certificate.map(lookup.path)
    let key = try privateFile(
      wish.key ?? wish.certificate, "ingress.haproxy.\(wish.key == nil ? "certificate" : "key")", lookup)
    let texts = [try text(certificate, "certificate"), try text(key, "key")].joined()
    try check(texts, "BEGIN CERTIFICATE", "certificate", certificate)
    try check(texts, "PRIVATE KEY-----", "key", key)
    return FrontSpec(
      executable: executable, settings: FrontSettings(manifest, wish), certificate: certificate,
      key: wish.key == nil ? nil : key, stamp: Fingerprint.of(texts))
  }

  private func findHAProxy(_ name: String, _ lookup: ModelLookup) throws(ControlError) -> String {
    let wanted = name.contains("/") ? lookup.path(of: name) : name
    if let found = SearchPath.find(wanted) { return found }
    throw ControlError(
      code: "haproxy-not-found",
      message: """
        there is no `\(name)` that could be run, which ingress.front asks for; `apt install haproxy`, or name it in \
        ingress.haproxy.executable
        """, exitCode: 3)
  }

  private func text(_ path: String?, _ field: String) throws(ControlError) -> String {
    guard let path else { return "" }
    do { return try FileContent.text(of: path) } catch {
      throw ControlError(
        code: "certificate", message: "ingress.haproxy.\(field) \(path) cannot be read: \(error)", exitCode: 3
      )
    }
  }

  private func check(
    _ text: String, _ mark: String, _ field: String, _ path: String?
  ) throws(ControlError) {
    guard let path, !text.contains(mark) else { return }
    throw ControlError(
      code: "certificate",
      message: "ingress.haproxy.\(field) \(path) has no `\(mark)`: it must be in PEM form", exitCode: 3)
  }
}

extension FrontSettings {
  /// A silence that the ingress would end by itself must not end here first.
  private static let margin = 5.0

  fileprivate init(_ manifest: Manifest, _ wish: HAProxySettings) {
    self.init(
      usesTLS: wish.certificate != nil, offersHTTP2: wish.offersHTTP2,
      requestsPerSecond: wish.requestsPerSecond,
      rateKey: RateKey(rawValue: wish.rateLimitKey.rawValue) ?? .address,
      checkIntervalMilliseconds: Int(wish.checkIntervalSeconds * 1000), threads: wish.threads,
      maxConnections: wish.maxConnections,
      timeoutMilliseconds: Int((manifest.ingress.requestTimeoutSeconds + Self.margin) * 1000),
      drainMilliseconds: max(1, Int(manifest.rollout.drainTimeoutSeconds * 1000)), slots: 0)
  }
}
