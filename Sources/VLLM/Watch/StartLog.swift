/// How far the start of a `vllm serve` has come, by what its log says.
public struct StartLog: Sendable, Equatable {
  /// The parts of a start, in their order.
  public enum Phase: Int, Sendable, Comparable, CaseIterable {
    /// Python imports its libraries.
    case spawn
    /// The engine waits for the other ranks of its group.
    case rendezvous
    /// Weights are read.
    case loadWeights
    /// Memory is measured and the KV cache made.
    case kvAlloc
    /// Kernels are compiled and graphs captured.
    case warmup
    /// The API server listens.
    case listening

    /// Orders by time.
    public static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
  }

  /// The latest phase that was told.
  public private(set) var phase = Phase.spawn
  /// How far it is in that phase, 0…1.
  public private(set) var progress = 0.0
  private var partial = ""

  /// A start of which nothing has been told.
  public init() {}

  /// Takes what was added to the log.
  public mutating func add(_ text: String) {
    var lines = (partial + text).split(omittingEmptySubsequences: false) {
      $0 == "\n" || $0 == "\r\n" || $0 == "\r"
    }
    partial = String(lines.popLast() ?? "")
    for line in lines { read(line) }
    // A bar of progress is written again and again in one line.
    if let share = Self.percentage(in: partial[...]) { advance(to: .loadWeights, share) }
  }

  private mutating func read(_ line: Substring) {
    if let share = Self.percentage(in: line) { return advance(to: .loadWeights, share) }
    guard let mark = Self.marks.first(where: { line.contains($0.text) }) else { return }
    advance(to: mark.phase, 0)
  }

  private mutating func advance(to new: Phase, _ share: Double) {
    guard (phase, progress) < (new, share) else { return }
    (phase, progress) = (new, share)
  }

  /// From logs of 0.29 to 0.32; the later of two phases stands first.
  private static let marks: [(text: String, phase: Phase)] = [
    ("Application startup complete", .listening), ("Starting vLLM API server", .listening),
    ("Starting vLLM server on", .listening),
    ("init engine (profile, create kv cache", .warmup), ("Capturing CUDA graph", .warmup),
    ("Warming up model", .warmup), ("Graph capturing finished", .warmup),
    ("KV cache size", .kvAlloc), ("Available KV cache memory", .kvAlloc), ("Model loading took", .kvAlloc),
    ("Loading weights took", .kvAlloc),
    ("Starting to load model", .loadWeights),
    ("Initializing a V1 LLM engine", .rendezvous),
    ("Waiting for READY message from DP Coordinator", .rendezvous),
    ("HELLO from local core engine", .rendezvous), ("distributed_init_method=", .rendezvous),
  ]

  /// The share in `Loading safetensors checkpoint shards:  45% Completed | 5/11`.
  private static func percentage(in line: Substring) -> Double? {
    guard line.contains("checkpoint shards:"), let sign = line.firstIndex(of: "%") else { return nil }
    let digits = line[..<sign].reversed().prefix { $0.isNumber }.reversed()
    return Double(String(digits)).map { min(1, $0 / 100) }
  }
}
