/// Something that happened to an application, as told to people and kept.
public struct Event: Codable, Sendable, Hashable {
  /// Its place in the controller's record; grows by one.
  public var sequence: Int
  /// When, RFC 3339 in UTC.
  public var time: String
  /// The application.
  public var application: String
  /// How much it matters.
  public var severity: Severity
  /// What kind of thing, in a word for scripts, such as `RankDied`, `GroupRestarting`, `Applied`.
  public var reason: String
  /// The replica that it happened to; absent when it is about the whole.
  public var replica: String?
  /// What happened, why, and what comes next.
  public var message: String
  /// The last lines that the culprit wrote, oldest first, when something died; absent otherwise.
  public var lastLines: [String]?

  /// Records an event.
  public init(
    sequence: Int, time: String, application: String, severity: Severity, reason: String, replica: String?,
    message: String, lastLines: [String]? = nil
  ) {
    self.lastLines = lastLines
    self.sequence = sequence
    self.time = time
    self.application = application
    self.severity = severity
    self.reason = reason
    self.replica = replica
    self.message = message
  }
}

/// A page of events, oldest first: the answer of `/v1/events?since=N`.
public struct EventPage: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `EventList`.
  public var kind = "EventList"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// The events after `since`.
  public var events: [Event]
  /// What to give as `since` for those that come later.
  public var next: Int

  /// Collects a page.
  public init(events: [Event], next: Int) {
    self.events = events
    self.next = next
  }
}

/// A line of a replica's log.
public struct LogLine: Codable, Sendable, Hashable {
  /// The replica, as in its status.
  public var replica: String
  /// The life of its group; absent for an ingress replica.
  public var epoch: Int?
  /// When it was written, RFC 3339 in UTC: by its own account, or that of the line that it goes on with; absent when
  /// neither says.
  public var time: String?
  /// The line, without its end.
  public var text: String

  /// Records a line.
  public init(replica: String, epoch: Int?, time: String? = nil, text: String) {
    self.replica = replica
    self.epoch = epoch
    self.time = time
    self.text = text
  }
}

/// A page of log lines: the answer of `/v1/logs?application=A` with the parameters of ``LogQuery``.
public struct LogPage: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `LogList`.
  public var kind = "LogList"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// The lines of all files, by time.
  public var lines: [LogLine]
  /// What to give as `cursor` for the lines that come later.
  public var cursor: String

  /// Collects a page.
  public init(lines: [LogLine], cursor: String) {
    self.lines = lines
    self.cursor = cursor
  }
}

/// All that a console needs for a second: the answer of `/v1/snapshot?since=N`.
public struct Snapshot: Codable, Sendable, Hashable {
  /// What to give as `since` to get only what is new.
  public var sequence: Int
  /// The present.
  public var status: Status
  /// The seconds after `since`, oldest first, by application.
  public var history: [String: [HistoryPoint]]
  /// The events after `since`, oldest first.
  public var events: [Event]

  /// Collects a snapshot.
  public init(sequence: Int, status: Status, history: [String: [HistoryPoint]], events: [Event]) {
    self.sequence = sequence
    self.status = status
    self.history = history
    self.events = events
  }
}
