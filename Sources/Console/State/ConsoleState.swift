public import ControlAPI
public import Terminal

/// How the replica table is ordered.
public enum ReplicaOrder: String, Sendable, CaseIterable {
  case id = "RANK"
  case cache = "KV"
  case busy = "BUSY"
  case running = "RUN"
  case ttft = "TTFT"

  /// What the column is called in a table of these ranks.
  func title(of ranks: [ReplicaStatus]) -> String {
    self == .busy && ranks.contains(where: \.isOnDevices) ? Self.deviceTitle : rawValue
  }

  /// The order by the column of a title.
  init?(title: String) {
    if title == Self.deviceTitle { self = .busy } else { self.init(rawValue: title) }
  }

  private static let deviceTitle = "GPU"
}

extension ReplicaStatus {
  /// Whether its utilisation is that of accelerators.
  var isOnDevices: Bool { utilizationSource?.value.map { $0 != "engine" } ?? false }
}

/// How the console stands with its controller.
public enum Connection: Sendable, Hashable {
  /// Asked, no answer yet.
  case connecting
  /// It answered last time.
  case live
  /// It did not, and why.
  case lost(String)
}

/// A line that says what became of something.
public struct Notice: Sendable, Hashable {
  /// What to say.
  public var text: String
  /// How much it matters.
  public var severity: Severity
  /// When it goes away, in seconds since 1970.
  public var until: Double
}

/// A question that must be answered before something is done.
public enum Question: Sendable, Hashable {
  /// Start a replica again?
  case restart(replica: String, application: String)
  /// Carry the manifest out over what runs?
  case reapply(path: String, application: String)
  /// Write a hint's change into the manifest and carry that out?
  case fix(FixProposal)
  /// Type the name to delete it.
  case delete(application: String, typed: TextField)
  /// Carry an earlier revision out again?
  case rollBack(application: String, to: Int)
  /// Keep new requests away from replicas, or let them at these again?
  case cordon(CordonRequest, application: String)
  /// Run other numbers of replicas?
  case scale(ScaleRequest, application: String)
}

/// A line being typed at the foot of the screen.
public struct Prompt: Sendable, Hashable {
  /// What it is for.
  public enum Purpose: Sendable, Hashable {
    /// Highlight in the logs.
    case search
    /// Show only these lines of the logs.
    case hide
    /// Show only these replicas.
    case filter
    /// Do what is typed.
    case command
  }

  /// What it is for.
  public var purpose: Purpose
  /// What was typed.
  public var field: TextField
}

/// Everything the console knows and shows; only ``ConsoleState/update(_:)`` changes it.
public struct ConsoleState: Sendable, Equatable {
  /// The present moment, in seconds since 1970.
  public var now: Double
  /// How far east of Greenwich the user's clock is, in seconds.
  public var utcOffset: Int
  /// What is seen.
  public var screen: ScreenKind
  /// Whether the keys are shown over it.
  public var isHelpShown = false
  /// A question over it.
  public var question: Question?
  /// A line being typed.
  public var prompt: Prompt?
  /// What is known.
  public var world = World()
  /// What is shown while frozen; the world goes on behind it.
  public var frozen: Frozen?
  /// What this machine tells by itself; shown while no controller tells of machines.
  public internal(set) var ownMachines: [MachineStatus] = []
  /// How the controller stands.
  public var connection = Connection.connecting
  /// The chosen application.
  public var applicationName: String?
  /// The manifests: those given, or those found.
  public var manifests: [ManifestEntry] = []
  /// Whether the manifests have been looked for.
  public var hasManifests = false
  /// The path of the manifest in view.
  public var manifestPath: String?
  /// The chosen row of the home screen.
  public var homeList = ListView()
  /// The chosen rank, by id, and the rows in sight.
  public var selectedRank: String?
  /// The chosen ingress replica, by id.
  public var selectedIngress: String?
  /// Whether the one replica in view is an ingress replica.
  public var isDetailOfIngress = false
  /// The chosen queue, by its replica's id.
  public var selectedQueue: String?
  /// The chosen hint.
  public var selectedHint: HintKey?
  /// The chosen node.
  public var selectedNode: String?
  /// The logs.
  public var logs = LogBook()
  /// The last look into the chosen application, for the screens of latencies and experts.
  public var insight = InsightState()
  /// What the manifest screen shows.
  public var pages = ManifestPages()
  /// The first line in sight of texts: events, hints, manifest, help.
  public var scroll: [ScreenKind: Int] = [:]
  /// Which replicas are shown; nil shows all.
  public internal(set) var filter: ReplicaFilter?
  /// The first line of help in sight.
  public internal(set) var helpScroll = 0
  /// Which key does what.
  public var keymap = Keymap.standard
  /// Whether nothing may be changed from here.
  public var isReadOnly = false
  /// A recording that is looked at in place of a controller.
  public internal(set) var replay: Replay?
  /// The file that is recorded to.
  public var recordingPath: String?
  /// The order of ranks.
  public var order = ReplicaOrder.id
  /// Over how long rates and percentiles are taken.
  public internal(set) var window = MetricWindow.seconds
  /// Which alerts have been given; nil when nobody wants any.
  public var alertBook: AlertBook?
  /// What became of the last action.
  public var notice: Notice?
  /// What is being asked of the controller.
  public var underway: String?
  /// What the controller does for this console, until its outcome is seen.
  public internal(set) var undertakings: [Undertaking] = []
  /// The window's cells.
  public var width: Int
  /// The window's rows.
  public var height: Int
  /// Whether the user has pressed a key: from then on screens change only by keys.
  public var isTouched = false
  /// Whether the mouse is reported.
  public var isMouseOn: Bool

  /// A moment held still.
  public struct Frozen: Sendable, Equatable {
    /// What was known.
    public var world: World
    /// When.
    public var now: Double
  }

  /// Starts in a window with nothing known.
  public init(now: Double, utcOffset: Int, width: Int, height: Int, isMouseOn: Bool = true) {
    self.now = now
    self.utcOffset = utcOffset
    self.width = width
    self.height = height
    self.isMouseOn = isMouseOn
    screen = .home
  }

  /// What is shown.
  public var shown: World { frozen?.world ?? world }
  /// The moment that is shown.
  public var shownNow: Double { frozen?.now ?? now }
  /// The chosen application, as shown.
  public var application: ApplicationStatus? { shown.application(applicationName) }
  /// The manifest in view.
  public var manifest: ManifestEntry? { manifests.first { $0.path == manifestPath } }

  /// The age of what is shown; nil before the first answer.
  public var age: Double? { shown.receivedAt.map { max(0, shownNow - $0) } }
  /// Whether what is shown is older than two looks.
  public var isStale: Bool { (age ?? 0) > 2.5 || { if case .lost = connection { true } else { false } }() }

  /// The ranks in the chosen order.
  public var ranks: [ReplicaStatus] {
    let all = application?.replicas(.rank) ?? []
    let ranks = filter.map { filter in all.filter(filter.matches) } ?? all
    func key(_ replica: ReplicaStatus) -> Double? {
      switch order {
      case .id: nil
      case .cache: replica.kvUsageRatio?.value
      case .busy: replica.gpuUtilizationRatio?.value
      case .running: replica.running.value.map(Double.init)
      case .ttft: replica.ttftP50Seconds.value
      }
    }
    guard order != .id else { return ranks }
    return ranks.enumerated().sorted { left, right in
      (key(right.element) ?? -1, left.offset) < (key(left.element) ?? -1, right.offset)
    }.map(\.element)
  }

  /// The events of the chosen application, or of all, oldest first.
  public var events: [Event] {
    shown.events.filter { applicationName == nil || $0.application == applicationName }
  }

  /// The ingress replicas.
  public var ingress: [ReplicaStatus] {
    let all = application?.replicas(.ingress) ?? []
    return filter.map { filter in all.filter(filter.matches) } ?? all
  }

  /// The hints on the chosen application, the gravest first.
  public var hints: [Hint] { application?.hints ?? [] }

  /// The hint that the keys act on.
  public var chosenHint: Hint? { hints.first { HintKey($0) == selectedHint } ?? hints.first }

  /// The machines with their devices.
  public var machines: [MachineStatus] { shown.status?.machines ?? ownMachines }

  /// The nodes, by name, with what lives on each.
  public var nodes: [NodeSummary] { application.map(NodeSummary.all) ?? [] }

  /// Ingress replicas and ranks, those with the longest queues first.
  public var queues: [ReplicaStatus] {
    (ingress + ranks).enumerated().sorted { left, right in
      (right.element.waiting.value ?? -1, left.offset) < (left.element.waiting.value ?? -1, right.offset)
    }.map(\.element)
  }

  /// The rows of the home screen.
  public var homeRows: [HomeRow] {
    let applications = shown.status?.applications ?? []
    return applications.map { .application($0.name) } + manifests.map { .manifest($0.path) }
  }

  /// A row of the home screen.
  public enum HomeRow: Sendable, Hashable {
    /// What runs.
    case application(String)
    /// What could.
    case manifest(String)
  }
}
