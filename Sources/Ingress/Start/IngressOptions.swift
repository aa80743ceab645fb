public import Platform
public import Routing

/// Where an ingress replica accepts clients.
public enum ClientSocket: Sendable {
  /// An inherited socket that all replicas accept on.
  case shared(Int32)
  /// A Unix socket of its own, behind something that spreads the clients.
  case own(path: String)
}

/// What an ingress replica is started with.
public struct IngressOptions: Sendable {
  /// Where clients are accepted.
  public var clients: ClientSocket
  /// The inherited load board that all replicas share.
  public var boardDescriptor: Int32
  /// The Unix socket on which the controller gives the rank table.
  public var adminSocket: String
  /// Where statistics are published.
  public var statsPage: String
  /// This replica's number, its row on the board.
  public var replica: Int
  /// Rows of the board.
  public var boardRows: Int
  /// The name under which clients ask for the model.
  public var modelID: String
  /// How a rank is chosen.
  public var policy: RoutingPolicy
  /// Requests that all replicas together may have at ranks; nil leaves it to the ranks' own limits.
  public var maxOngoingRequests: Int?
  /// Requests that may wait at all replicas together; nil sets no limit.
  public var maxQueuedRequests: Int?
  /// The longest a request waits for a rank.
  public var maxQueueWait: Duration
  /// How long after the loss of the last rank requests wait for another one, and how long after the replica's start.
  public var maxOutageWait: Duration
  /// The longest a request takes from its first byte to its last.
  public var requestTimeout: Duration
  /// How often a stream moves to another rank when the one it comes from is lost.
  public var migrationLimit: Int
  /// Bytes of a request's body.
  public var maxBodyBytes: Int
  /// Whether ranks serve adapters: what is asked for under another name than the model's is theirs to know.
  public var servesAdapters = false
  /// Origins whose pages may ask from a browser; `*` is every one, none leaves it to the browser to refuse.
  public var corsOrigins: [String] = []
  /// How ended requests are logged, `logfmt` or `json`; nil does not.
  public var accessLog: String?
  /// The share of requests that is logged, from 0 to 1.
  public var accessLogSample = 1.0
  /// An OpenTelemetry collector that takes OTLP over HTTP; nil makes no spans.
  public var tracesCollector: Endpoint?
  /// The longest requests may go on after SIGTERM.
  public var drainTimeout: Duration
  /// The file with the keys of clients, one a line; nil lets everyone in.
  public var apiKeysFile: String?

  /// Options of a replica that has everything it must have; the rest as the manifest's defaults are.
  public init(
    clients: ClientSocket, boardDescriptor: Int32, adminSocket: String, statsPage: String, replica: Int,
    boardRows: Int, modelID: String
  ) {
    self.clients = clients
    self.boardDescriptor = boardDescriptor
    self.adminSocket = adminSocket
    self.statsPage = statsPage
    self.replica = replica
    self.boardRows = boardRows
    self.modelID = modelID
    policy = .powerOfTwo
    maxQueuedRequests = 4096
    maxQueueWait = .seconds(60)
    maxOutageWait = .seconds(60)
    requestTimeout = .seconds(600)
    migrationLimit = 3
    maxBodyBytes = 16 << 20
    drainTimeout = .seconds(30)
  }
}
