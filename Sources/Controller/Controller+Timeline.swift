import ControlAPI

/// How long starts took.
extension Controller {
  /// The starts of an application that are kept, and those that go on.
  func timeline(of name: String) async throws(ControlError) -> StartTimeline {
    let runner = try localRunner(name, "tell how its ranks started")
    let kept: [RankStart]
    do { kept = try await surroundings.store.starts(of: name) } catch {
      throw ControlError(code: "store-failed", message: "the starts cannot be read: \(error)")
    }
    return StartTimeline(application: name, ranks: kept + runner.presentStarts)
  }
}
