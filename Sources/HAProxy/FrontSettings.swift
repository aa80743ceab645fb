/// What an HAProxy before the ingress is asked to do; where things lie is said apart, see ``FrontPaths``.
public struct FrontSettings: Sendable, Equatable, Codable {
  /// Whether clients speak TLS; else they speak plain HTTP/1.1.
  public var usesTLS: Bool
  /// Whether HTTP/2 is offered beside HTTP/1.1; over TLS only.
  public var offersHTTP2: Bool
  /// Requests a second of one client, over ``Self/ratePeriodSeconds``; nil sets no limit.
  public var requestsPerSecond: Double?
  /// What one client is.
  public var rateKey: RateKey
  /// How often each ingress replica is asked whether it lives, in milliseconds.
  public var checkIntervalMilliseconds: Int
  /// Threads of the process.
  public var threads: Int
  /// Connections at the same time; those beyond wait in the kernel's queue.
  public var maxConnections: Int
  /// Silence of a client or a replica that ends a request, in milliseconds.
  public var timeoutMilliseconds: Int
  /// The longest requests may go on after a soft stop, in milliseconds.
  public var drainMilliseconds: Int
  /// Places for ingress replicas; one comes and goes without a reload.
  public var slots: Int

  /// What requests are counted by.
  public enum RateKey: String, Sendable, Codable, CaseIterable {
    /// The address a connection comes from.
    case address
    /// The API key; the address where there is none.
    case key
  }

  /// Requests are counted over so many seconds.
  public static let ratePeriodSeconds = 10

  /// Describes a front.
  public init(
    usesTLS: Bool, offersHTTP2: Bool, requestsPerSecond: Double?, rateKey: RateKey,
    checkIntervalMilliseconds: Int, threads: Int, maxConnections: Int, timeoutMilliseconds: Int,
    drainMilliseconds: Int, slots: Int
  ) {
    self.usesTLS = usesTLS
    self.offersHTTP2 = offersHTTP2
    self.requestsPerSecond = requestsPerSecond
    self.rateKey = rateKey
    self.checkIntervalMilliseconds = checkIntervalMilliseconds
    self.threads = threads
    self.maxConnections = maxConnections
    self.timeoutMilliseconds = timeoutMilliseconds
    self.drainMilliseconds = drainMilliseconds
    self.slots = slots
  }
}

/// Where the things of one HAProxy process lie.
public struct FrontPaths: Sendable {
  /// The number of the inherited socket that it accepts clients on.
  public var listenDescriptor: Int32
  /// Its runtime socket.
  public var runtimeSocket: String
  /// The file with the certificate, its chain and its private key; read only where TLS is spoken.
  public var certificate: String
  /// The Unix socket of the ingress replica in each slot.
  public var slotSocket: @Sendable (Int) -> String

  /// Names the places.
  public init(
    listenDescriptor: Int32, runtimeSocket: String, certificate: String,
    slotSocket: @escaping @Sendable (Int) -> String
  ) {
    self.listenDescriptor = listenDescriptor
    self.runtimeSocket = runtimeSocket
    self.certificate = certificate
    self.slotSocket = slotSocket
  }
}
