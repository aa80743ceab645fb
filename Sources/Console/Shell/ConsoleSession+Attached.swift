import Attachment
import Platform

extension Attachment {
  /// Watches the pages, or the Prometheus server, that the user named.
  convenience init(_ options: ConsoleOptions) {
    let token = options.environment("DPDEPLOY_API_KEY")
    if let server = options.prometheus {
      self.init(prometheus: server, bearerToken: token, exporters: options.exporters)
    } else {
      self.init(pages: options.attached, bearerToken: token, exporters: options.exporters)
    }
  }
}

extension ConsoleSession {
  /// Follows the controller, or the pages that the console is attached to.
  func watch() async {
    if let path = options.replay {
      loadReplay(path)
      take(.tick)
    } else if options.isAttached {
      await pollAttached()
    } else {
      await poll()
    }
  }

  private func pollAttached() async {
    while !Task.isCancelled {
      let next = Instant.after(.seconds(1))
      let window = state.window.rawValue
      take(.snapshot(await attachment.read(over: Double(window))))
      await Loop.sleep(until: next)
    }
  }
}
