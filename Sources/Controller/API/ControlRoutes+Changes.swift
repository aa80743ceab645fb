import ControlAPI
import HTTP
import Platform

/// The requests that change something; who asked, and what became of it, goes to the audit.
extension ControlRoutes {
  func change(_ exchange: HTTPExchange, _ name: String, _ action: String?) async throws(ControlError) -> (
    Int, [UInt8]
  ) {
    switch action {
    case nil where name.isEmpty:
      let request = try await body(ApplyRequest.self, of: exchange)
      return try await audited("apply", "", exchange) { () throws(ControlError) in
        try await controller.apply(request)
      }
    case nil:
      return try await audited("delete", name, exchange, status: 202) { () throws(ControlError) in
        try await controller.delete(name)
      }
    case "restart":
      let request = try await body(RestartRequest.self, of: exchange)
      return try await audited("restart", name, exchange, status: 202) { () throws(ControlError) in
        try controller.restart(request.replica, of: name)
      }
    case "rollout":
      let request = try await body(RolloutRequest.self, of: exchange)
      return try await audited("rollout \(request.action.rawValue)", name, exchange) {
        () throws(ControlError) in
        try await controller.rollout(request, of: name)
      }
    case "scale":
      let request = try await body(ScaleRequest.self, of: exchange)
      return try await audited("scale", name, exchange) { () throws(ControlError) in
        try await controller.scale(request, of: name)
      }
    case "remark":
      let request = try await body(RemarkRequest.self, of: exchange)
      return try await audited("remark", name, exchange, status: 202) { () throws(ControlError) in
        try controller.remark(request, on: name)
      }
    case "cordon":
      let request = try await body(CordonRequest.self, of: exchange)
      return try await audited(request.action.rawValue, name, exchange) { () throws(ControlError) in
        try await controller.cordon(request, of: name)
      }
    default: throw Self.noSuchPath(exchange)
    }
  }

  private func audited(
    _ action: String, _ name: String, _ exchange: HTTPExchange, status: Int,
    _ body: () async throws(ControlError) -> Void
  ) async throws(ControlError) -> (Int, [UInt8]) {
    do { try await body() } catch {
      record(action, name, nil, error.code, exchange)
      throw error
    }
    record(action, name, nil, "ok", exchange)
    return (status, Array("{}".utf8))
  }

  private func audited<Answer: Encodable>(
    _ action: String, _ name: String, _ exchange: HTTPExchange,
    _ body: () async throws(ControlError) -> Answer
  ) async throws(ControlError) -> (Int, [UInt8]) {
    let answer: Answer
    do { answer = try await body() } catch {
      record(action, name, nil, error.code, exchange)
      throw error
    }
    let result = answer as? ApplyResult
    record(action, result?.application ?? name, result?.revision, "ok", exchange)
    return (200, encoded(answer))
  }

  private func record(
    _ action: String, _ application: String, _ revision: Int?, _ outcome: String, _ exchange: HTTPExchange
  ) {
    controller.record(
      AuditEntry(
        time: Timestamp.now, uid: Known(exchange.peer?.uid), pid: Known(exchange.peer?.pid), action: action,
        application: application, revision: revision, outcome: outcome))
  }
}
