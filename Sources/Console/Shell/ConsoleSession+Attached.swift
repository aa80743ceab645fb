import Attachment
import Platform

extension Attachment {
  /// Watches the pages that the user named.
  convenience init(_ options: ConsoleOptions) {
    self.init(pages: options.attached, bearerToken: options.environment("DPDEPLOY_API_KEY"))
  }
}

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
    while !Task.isCancelled {
      let next = Instant.after(.seconds(1))
      let window = state.window.rawValue
      take(.snapshot(await attachment.read(over: Double(window), until: .after(Self.patience))))
      await Loop.sleep(until: next)
    }
  }
}
