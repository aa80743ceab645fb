public import Attachment
import Telemetry
public import WebClient

/// A page of a cluster's metrics, read as it comes: what is in memory is what it tells of engines, replicas and GPUs.
public struct RayMetricsPage: WebSink {
  /// A GPU, by its node's address and its place there.
  public struct GPU: Hashable, Sendable {
    /// The node's address.
    public let node: String
    /// The place, counted from 0.
    public let index: Int

    /// Names a GPU.
    public init(node: String, index: Int) {
      self.node = node
      self.index = index
    }
  }

  /// What a Serve replica does, by Serve's own count.
  public struct Replica: Equatable, Sendable {
    /// Requests that it took so far; nil when that is not told.
    public var requests: Double?
    /// Requests that it has now; nil when that is not told.
    public var running: Double?
  }

  /// What engines tell.
  public private(set) var engines = EnginePage()
  /// What Serve counts, by replica.
  public private(set) var replicas: [String: Replica] = [:]
  /// The Serve replica that runs in a worker.
  public private(set) var replicaOfWorker: [String: String] = [:]
  /// How busy each GPU is, from 0 to 1.
  public private(set) var utilization: [GPU: Double] = [:]
  /// Why the rest was not read; nil when all was.
  public private(set) var problem: String?

  private var stream = PrometheusStream()

  /// A page of which nothing has come.
  public init() {}

  /// Reads the lines that `piece` ends.
  public mutating func take(_ piece: UnsafeRawBufferPointer) -> Bool {
    var samples: [PrometheusSample] = []
    do throws(PrometheusError) {
      try stream.take(piece, where: Self.isWanted) { samples.append($0) }
    } catch {
      problem = error.description
      return false
    }
    for sample in samples { take(sample) }
    return true
  }

  private static let requests = "ray_serve_deployment_request_counter_total"
  private static let running = "ray_serve_replica_processing_queries"
  private static let gpuUse = "ray_node_gpus_utilization"

  private static func isWanted(_ name: String) -> Bool {
    name == requests || name == running || name == gpuUse || EnginePage.isWanted(name)
  }

  private mutating func take(_ sample: PrometheusSample) {
    switch sample.name {
    case Self.requests: note(sample) { $0.requests = ($0.requests ?? 0) + sample.value }
    case Self.running: note(sample) { $0.running = ($0.running ?? 0) + sample.value }
    case Self.gpuUse:
      guard let node = sample[label: "ip"] ?? sample[label: "NodeAddress"], sample.value >= 0,
        let index = sample[label: "GpuIndex"].flatMap({ Int($0) })
      else { return }
      utilization[GPU(node: node, index: index)] = min(1, sample.value / 100)
    default: engines.take(sample)
    }
  }

  private mutating func note(_ sample: PrometheusSample, _ change: (inout Replica) -> Void) {
    guard let replica = sample[label: "replica"], sample.value.isFinite else { return }
    if let worker = sample[label: "WorkerId"] { replicaOfWorker[worker] = replica }
    change(&replicas[replica, default: Replica()])
  }
}
