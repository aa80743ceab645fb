import Attachment
import Platform

extension ConsoleSession {
  /// How long a page may take before it counts as lost.
  static let patience = Duration.milliseconds(900)

  /// Follows the controller, or the pages that the console is attached to.
  func watch() async {
    if let path = options.replay {
      loadReplay(path)
      take(.tick)
    } else if options.attached.isEmpty {
      await poll()
    } else {
      await pollAttached()
    }
  }

  private func pollAttached() async {
    let attachment = Attachment(pages: options.attached, bearerToken: options.environment("DPDEPLOY_API_KEY"))
    while !Task.isCancelled {
      let next = Instant.after(.seconds(1))
      take(.snapshot(await attachment.read(until: .after(Self.patience))))
      await Loop.sleep(until: next)
    }
  }
}
