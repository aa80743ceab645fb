import Platform
import Testing

/// Users who ask again as soon as they are answered, until they are told to stop.
@Loop
final class SteadyLoad {
  /// Questions that were answered well.
  private(set) var answered = 0
  /// What went wrong with the others.
  private(set) var failures: [String] = []
  private var isStopped = false
  private var users: [Task<Void, Never>] = []

  /// Lets `count` users begin.
  init(users count: Int, of questioner: Questioner) {
    users = (0..<count).map { _ in
      Task { while !self.isStopped { self.take(await questioner.ask()) } }
    }
  }

  private func take(_ failure: String?) {
    guard let failure else { return answered += 1 }
    failures.append(failure)
    // One failure fails the test; a deployment that is gone must not be asked for ever.
    isStopped = true
  }

  /// Waits until so many more questions were answered, or one failed.
  func more(_ count: Int) async throws {
    let goal = answered + count
    try await wait(for: "\(count) more answers", every: .milliseconds(5)) {
      answered >= goal || !failures.isEmpty ? () : nil
    }
  }

  /// Waits for the questions that are under way, and begins no more.
  func stop() async {
    isStopped = true
    for user in users { await user.value }
  }
}
