import ControlAPI
import ControlClient
import Platform

extension ConsoleSession {
  private var client: ControlClient { ControlClient(home: options.home) }

  /// Asks for a snapshot a second; starts the controller first where there is none.
  func poll() async {
    let client: ControlClient
    do {
      client = try await DaemonLauncher(home: options.home).connect().client
    } catch {
      take(.lost(error))
      client = ControlClient(home: options.home)
    }
    while !Task.isCancelled {
      let next = Instant.after(.seconds(1))
      do {
        take(.snapshot(try await client.snapshot(since: state.world.sequence)))
      } catch {
        take(.lost(error))
      }
      await Loop.sleep(until: next)
    }
  }

  func apply(_ path: String) async {
    guard case .success(let text) = TextFile.read(path) else {
      return take(.failed("\(path) cannot be read any more"))
    }
    let request = ApplyRequest(
      manifest: text, path: TextFile.absolute(path), workingDirectory: TextFile.workingDirectory,
      clientVersion: Version.current)
    do {
      let client = try await DaemonLauncher(home: options.home).connect().client
      take(.applied(try await client.apply(request)))
    } catch {
      take(.failed(error.message))
    }
  }

  func delete(_ application: String) async {
    do {
      try await client.delete(application)
      take(.done("\(application) is being deleted"))
    } catch {
      take(.failed(error.message))
    }
  }

  func restart(_ replica: String, _ application: String) async {
    do {
      try await client.restart(replica, of: application)
      take(.done("\(replica) restarts"))
    } catch {
      take(.failed(error.message))
    }
  }
}
