public import ControlAPI

/// Which alerts have been given, so that each is given once for each time that what it tells of begins.
public struct AlertBook: Sendable, Equatable {
  /// For how long something must be gone before it can begin anew, in seconds.
  static let clearAfter = 10.0

  private struct Track: Equatable {
    let firstSeen: Double
    var isTold = false
    /// Since when looks have not found it; nil when the last one did.
    var missingSince: Double?
  }

  /// What matters less is not told.
  public let level: Severity
  /// Whether nothing is told for now; what begins meanwhile is not told later.
  public internal(set) var isMuted = false
  private var tracks: [Alert.Key: Track] = [:]

  /// A book of no alerts yet.
  public init(level: Severity) { self.level = level }

  /// Takes a look at everything; returns what to tell now.
  mutating func take(_ status: Status, at now: Double) -> [Alert] {
    let found = status.applications.flatMap { Alert.all($0, from: level) }
    for key in Set(tracks.keys).subtracting(found.map(\.key)) { miss(key, at: now) }
    return found.filter { isNews($0, at: now) }
  }

  /// Takes in that nothing can be seen: nothing that was told counts as gone by that.
  mutating func takeBlindness(_ reason: String, of application: String?, at now: Double) -> [Alert] {
    [.blindness(reason, of: application)].filter { isNews($0, at: now) }
  }

  private mutating func isNews(_ alert: Alert, at now: Double) -> Bool {
    var track = tracks[alert.key] ?? Track(firstSeen: now)
    let isNews = !track.isTold && now - track.firstSeen >= alert.patience
    track.isTold = track.isTold || isNews
    track.missingSince = nil
    tracks[alert.key] = track
    return isNews && !isMuted
  }

  private mutating func miss(_ key: Alert.Key, at now: Double) {
    guard var track = tracks[key] else { return }
    let since = track.missingSince ?? now
    track.missingSince = since
    tracks[key] = track.isTold && now - since < Self.clearAfter ? track : nil
  }
}
