import Attachment
import ControlAPI
import ControlClient
import Machines
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
        take(.snapshot(try await client.snapshot(since: state.world.sequence, window: state.window.rawValue)))
      } catch {
        take(.lost(error))
        lookAtOwnMachine()
      }
      await Loop.sleep(until: next)
    }
  }

  /// While no controller tells of this machine, its screen looks for itself.
  private func lookAtOwnMachine() {
    guard state.screen == .nodes else { return }
    machineWatch.look()
    take(.machines(machineWatch.machines))
  }

  /// Asks for what a file's text describes.
  func request(_ text: String, _ path: String) -> ApplyRequest {
    ApplyRequest(
      manifest: text, path: TextFile.absolute(path), workingDirectory: TextFile.workingDirectory,
      clientVersion: Version.current)
  }

  func apply(_ path: String) async {
    guard case .success(let text) = TextFile.read(path) else {
      return take(.failed("\(path) cannot be read any more"))
    }
    do {
      let client = try await DaemonLauncher(home: options.home).connect().client
      take(.applied(try await client.apply(request(text, path))))
    } catch {
      take(.failed(error.message))
    }
  }

  func delete(_ application: String) async {
    do {
      try await client.delete(application)
      take(.begun(.delete, application: application))
    } catch {
      take(.failed(error.message))
    }
  }

  func restart(_ replica: String, _ application: String) async {
    do {
      try await client.restart(replica, of: application)
      take(.begun(.restart(replica: replica), application: application))
    } catch {
      take(.failed(error.message))
    }
  }

  func cordon(_ request: CordonRequest, _ application: String) async {
    do {
      _ = try await client.cordon(request, of: application)
      take(.begun(.cordon(request), application: application))
    } catch {
      take(.failed(error.message))
    }
  }

  func scale(_ request: ScaleRequest, _ application: String) async {
    do {
      take(.applied(try await client.scale(request, of: application)))
    } catch {
      take(.failed(error.message))
    }
  }

  func plan(_ path: String, _ text: String) async {
    do {
      take(.planned(text: text, .success(try await client.plan(request(text, path)))))
    } catch {
      take(.planned(text: text, .failure(error)))
    }
  }

  func readRevisions(_ application: String) async {
    do {
      take(.revisions(application: application, .success(try await client.revisions(of: application))))
    } catch {
      take(.revisions(application: application, .failure(error)))
    }
  }

  func rollBack(_ application: String, _ revision: Int) async {
    do {
      take(.applied(try await client.rollout(RolloutRequest(.undo, to: revision), of: application)))
    } catch {
      take(.failed(error.message))
    }
  }

  func lookInto(_ application: String) async {
    guard !options.isAttached else {
      let look = attachment.insight(over: Double(state.window.rawValue))
      return take(.insight(application: application, .success(look)))
    }
    do {
      let look = try await client.insight(of: application, window: state.window.rawValue)
      take(.insight(application: application, .success(look)))
    } catch {
      take(.insight(application: application, .failure(error)))
    }
  }

  func readLogs(_ application: String, _ replica: String?, _ cursor: String?) async {
    do {
      let page = try await client.logs(
        application: application, replica: replica, tail: cursor == nil ? 500 : nil, cursor: cursor)
      take(.logs(page))
    } catch {
      take(.logsFailed(error))
    }
  }
}
