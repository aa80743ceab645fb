import ControlAPI

extension ConsoleState {
  /// Holds the picture, or lets it go on; a recording is stopped and played.
  mutating func toggleFreeze() {
    if replay != nil {
      replay?.isPlaying.toggle()
    } else {
      frozen = frozen == nil ? Frozen(world: world, now: now) : nil
    }
  }

  /// Goes back or forward; forward of the last moment is the present.
  mutating func travel(by seconds: Double) {
    guard let span = world.timeline.span else { return say("nothing is known of the past", .info) }
    let goal = (frozen?.now ?? now) + seconds
    if goal > span.upperBound, replay == nil {
      frozen = nil
    } else {
      if goal < span.lowerBound { say("what was before is not known", .info) }
      travel(to: min(max(goal, span.lowerBound), span.upperBound))
    }
  }

  /// Shows all panels as they were.
  mutating func travel(to time: Double) {
    guard let past = world.at(time) else { return }
    frozen = Frozen(world: past, now: time)
  }

  /// The present; of a recording, its end.
  mutating func goLive() {
    if replay != nil, let last = world.timeline.span?.upperBound { travel(to: last) } else { frozen = nil }
  }

  /// Takes a whole recording in and stands at its beginning.
  public mutating func load(_ recording: [RecordedLine]) {
    world.keepAll()
    insight.keepAll()
    for line in recording {
      if let snapshot = line.snapshot { _ = update(.snapshot(snapshot), at: line.time) }
      if let look = line.insight, let name = line.application {
        insight.take(.success(look), of: name, at: line.time)
      }
    }
    replay = Replay()
    logs.open(application: applicationName, replica: nil)
    if let first = world.timeline.span?.lowerBound { travel(to: first) }
    if screen == .home { screen = .overview }
  }

  /// A second of a recording that is being played.
  mutating func play() {
    guard let replay, replay.isPlaying, let frozen, let end = world.timeline.span?.upperBound else { return }
    guard frozen.now < end else {
      self.replay?.isPlaying = false
      return
    }
    travel(to: min(end, frozen.now + 1))
  }

  /// Asks for rates and percentiles over another time from now on.
  mutating func setWindow(_ window: MetricWindow) {
    guard replay == nil else { return say("a recording has the window that it was made with", .info) }
    self.window = window
    say("rates and percentiles over \(window.name)", .info)
  }
}
