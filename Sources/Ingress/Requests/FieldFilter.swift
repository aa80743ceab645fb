import HTTP

/// Which fields of a message a relay hands on (RFC 9110, 7.6.1).
enum FieldFilter {
  /// Fields about one connection, or that the relay writes by itself.
  private static let own: [StaticString] = [
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", "x-request-id",
  ]
  /// Fields of a request that are between the client and the ingress.
  private static let ofClient: [StaticString] = [
    "host", "expect", "authorization", "proxy-authorization", "x-data-parallel-rank",
  ]

  private static let ofTracedClient = ofClient + ["traceparent"]

  /// Copies the fields of a request that are for the rank.
  ///
  /// - Parameter isTraced: whether the relay writes a `traceparent` of its own.
  static func copyRequest(_ head: MessageHead, into writer: inout HeadWriter, isTraced: Bool = false) {
    copy(head, into: &writer, without: own + (isTraced ? ofTracedClient : ofClient))
  }

  /// Copies the fields of an answer that are for the client.
  static func copyAnswer(_ head: MessageHead, into writer: inout HeadWriter) {
    copy(head, into: &writer, without: own)
  }

  private static func copy(_ head: MessageHead, into writer: inout HeadWriter, without names: [StaticString])
  {
    let named = head.values("connection").flatMap { $0.split(separator: ",") }
      .map { $0.filter { $0 != " " }.lowercased() }
    head.forEachField { name, value in
      if names.contains(where: { equal(name, $0) }) || isForIngress(name) { return }
      if named.contains(where: { $0.utf8.elementsEqual(name.lazy.map(lowercase)) }) { return }
      writer.field(name, value)
    }
  }

  /// `X-Dpdeploy-…` is between the ingress and the ranks, but for the rank's number, which clients may see.
  private static func isForIngress(_ name: UnsafeRawBufferPointer) -> Bool {
    name.count > 11 && equal(UnsafeRawBufferPointer(rebasing: name[..<11]), "x-dpdeploy-")
      && !equal(name, "x-dpdeploy-rank")
  }

  private static func equal(_ name: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
    guard name.count == wanted.utf8CodeUnitCount else { return false }
    return name.indices.allSatisfy { lowercase(name[$0]) == wanted.utf8Start[$0] }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }
}
