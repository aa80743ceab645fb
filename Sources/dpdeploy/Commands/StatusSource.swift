import Attachment
import CommandLine
import ControlAPI
import ControlClient
import Platform

/// Who is asked how things are: the controller, or engines that it has not started.
@Loop
enum StatusSource {
  case controller(ControlClient)
  case pages(Attachment)

  /// The metrics pages that `--attach` names, or else the controller.
  init(_ arguments: ParsedArguments) throws {
    let pages = try arguments.allValues("attach").map { text throws(UsageError) in
      guard let page = AttachedURL.page(text) else {
        throw UsageError("--attach takes a URL such as http://host:8000/metrics or host:8000, not `\(text)`")
      }
      return page
    }
    if pages.isEmpty {
      self = .controller(ControlClient(home: try HomeDirectory.ofEnvironment()))
    } else {
      self = .pages(Attachment(pages: pages, bearerToken: Environment["DPDEPLOY_API_KEY"]))
    }
  }

  /// How things are; of pages as often as true rates take.
  ///
  /// - Throws: exit code 5 when nobody answers.
  func status() async throws(ControlError) -> Status {
    switch self {
    case .controller(let client): return try await client.status()
    case .pages(let attachment):
      var status: Status?
      while true {
        let last = await attachment.read(over: 10).status
        if status != nil || attachment.readsForRates == 1 { return try Self.answered(last) }
        status = last
        await Loop.sleep(for: .seconds(1))
      }
    }
  }

  /// The controller's own words: of a thousand replicas, to read and to write them again takes longer than all else.
  func document(of application: String?) async -> [UInt8]? {
    guard case .controller(let client) = self else { return nil }
    return try? await client.statusJSON(of: application)
  }

  private static func answered(_ status: Status) throws(ControlError) -> Status {
    let replicas = status.applications.flatMap(\.deployments).flatMap(\.replicas)
    guard replicas.allSatisfy(\.stale) else { return status }
    let reason = status.applications.first?.message ?? "no page tells of an engine"
    throw ControlError(code: "unreachable", message: reason, exitCode: ExitCode.unreachable.rawValue)
  }
}
