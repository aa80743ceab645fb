import Platform
import Tensors

extension EngineOptions {
  /// Reads a command line without the program's name: `--name value`, `--name=value`, `--switch` or `--no-switch`.
  ///
  /// - Throws: ``EngineError/usage(_:)`` that names the option.
  public init(parsing arguments: [String]) throws(EngineError) {
    self.init()
    var rest = arguments[...]
    var host = "127.0.0.1"
    var port: UInt16 = 8000
    var socket: String?
    while let argument = rest.popFirst() {
      var option = try OptionReader(argument, &rest)
      switch option.name {
      case "--host": host = try option.text()
      case "--port": port = UInt16(try option.count(0...65535))
      case "--uds": socket = try option.text()
      default: try set(&option)
      }
      try option.finish(&rest)
      // vLLM takes several after one flag.
      while option.name == "--lora-modules", let next = rest.first, !next.hasPrefix("--") {
        try addLoRAModule(next)
        rest.removeFirst()
      }
    }
    endpoint = socket.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
    try check()
  }

  private mutating func set(_ option: inout OptionReader) throws(EngineError) {
    switch option.name {
    case "--model": model = try option.text()
    case "--served-model-name": servedModelName = try option.text()
    case "--data-parallel-size": dataParallelSize = try option.count(1...4096)
    case "--data-parallel-capacity": dataParallelCapacity = try option.count(1...4096)
    case "--data-parallel-rank": dataParallelRank = try option.count(0...4095)
    case "--group-fd": groupDescriptor = Int32(try option.count(0...1_048_576))
    case "--epoch": epoch = UInt64(try option.count(0 ... .max))
    case "--stats-page": statsPage = try option.text()
    case "--packed-weights": packedWeights = try option.text()
    case "--dtype": dtype = try Self.dtype(try option.text())
    case "--quantization": quantization = try option.choice()
    case "--seed": seed = UInt64(try option.count(0 ... .max))
    case "--enable-prefix-caching": enablePrefixCaching = try option.flag()
    case "--enable-chunked-prefill": enableChunkedPrefill = try option.flag()
    case "--scheduling-policy": schedulingPolicy = try option.choice()
    case "--failure-policy": failurePolicy = try option.choice()
    case "--guard-foreign-experts": guardsForeignExperts = try option.flag()
    case "--enable-expert-parallel": enableExpertParallel = try option.flag()
    case "--expert-placement-strategy": expertPlacement = try option.choice()
    case "--enable-eplb": enableEPLB = try option.flag()
    case "--eplb-config": try setBalancing(option.text())
    default: if try !setTransport(&option), try !setLoRA(&option) { try setLimit(&option) }
    }
  }

  private mutating func setLimit(_ option: inout OptionReader) throws(EngineError) {
    switch option.name {
    case "--max-num-seqs": maxSequences = try option.count(1...1_048_576)
    case "--max-model-len": maxModelLength = try option.count(2...16_777_216)
    case "--max-num-batched-tokens": maxBatchedTokens = try option.count(1...1_048_576)
    case "--max-num-queued-reqs": maxQueuedRequests = try option.count(1...1_048_576)
    case "--prefill-schedule-interval": prefillScheduleInterval = try option.count(1...1024)
    case "--kv-cache-memory-bytes": cacheBytes = try option.count(1 ... .max)
    case "--num-gpu-blocks-override": blockCountOverride = try option.count(1...1 << 30)
    case "--block-size": blockSize = try option.count(1...1024)
    case "--gpu-memory-utilization": memoryUtilization = try option.share()
    case "--accelerator-memory": acceleratorMemory = try option.count(1 ... .max)
    case "--moe-dp-chunk-size": dispatchChunk = try option.count(1...65536)
    default: throw .usage("unknown option \(option.name)")
    }
  }

  /// The arithmetic of one of vLLM's words for it.
  private static func dtype(_ word: String) throws(EngineError) -> Arithmetic? {
    switch word {
    case "auto": return nil
    case "bfloat16": return .bfloat16
    case "float32", "float": return .float32
    default: throw .usage("--dtype must be auto, bfloat16 or float32, not '\(word)'")
    }
  }

  /// Reads the variables of vLLM's that this engine knows.
  ///
  /// - Parameter variable: The value of the variable of that name, if it is set.
  public mutating func read(_ variable: (String) -> String?) throws(EngineError) {
    if backend == nil, let word = variable("VLLM_ALL2ALL_BACKEND") {
      backend = try Self.backend(word, of: "VLLM_ALL2ALL_BACKEND")
    }
    allowsLoRAUpdates = ["1", "true"].contains(variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING")?.lowercased())
    if let value = variable("VLLM_USE_DEEP_GEMM") { packsWeights = !["0", "false"].contains(value) }
    if packedWeights == nil {
      let cache = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
      packedWeights = cache.map { $0 + "/dpdeploy/packed" }
    }
  }

  private func check() throws(EngineError) {
    if model.isEmpty { throw .usage("--model is missing") }
    let capacity = dataParallelCapacity ?? dataParallelSize
    guard capacity >= dataParallelSize else {
      throw .usage(
        "--data-parallel-capacity \(capacity) is less than --data-parallel-size \(dataParallelSize)")
    }
    guard dataParallelRank < capacity else {
      let limit = dataParallelCapacity == nil ? "size" : "capacity"
      throw .usage(
        "--data-parallel-rank \(dataParallelRank) is not below --data-parallel-\(limit) \(capacity)")
    }
    try checkBalancing()
    try checkTransport()
    try checkLoRA()
    if capacity > 1, groupDescriptor == nil {
      throw .usage("--data-parallel-size \(capacity) needs --group-fd, the group's shared segment")
    }
  }
}

/// One option of a command line and its value.
struct OptionReader {
  /// The option without its value and without `no-`.
  let name: String
  private let isNegated: Bool
  private var value: String?
  private var wantsValue = false

  init(_ argument: String, _ rest: inout ArraySlice<String>) throws(EngineError) {
    guard argument.hasPrefix("--") else { throw .usage("unexpected argument '\(argument)'") }
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    isNegated = parts[0].hasPrefix("--no-")
    name = isNegated ? "--" + parts[0].dropFirst(5) : String(parts[0])
    value = parts.count == 2 ? String(parts[1]) : rest.first
    wantsValue = parts.count == 2
    takesNext = parts.count == 1
  }

  private let takesNext: Bool
  private var isUsed = false

  mutating func text() throws(EngineError) -> String {
    guard !isNegated else { throw .usage("\(name) cannot be negated") }
    guard let value, !value.isEmpty else { throw .usage("\(name) needs a value") }
    isUsed = true
    return value
  }

  mutating func count(_ range: ClosedRange<Int>) throws(EngineError) -> Int {
    let text = try text()
    guard let number = Int(text), range.contains(number) else {
      let bound =
        range.upperBound == .max
        ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw .usage("\(name) must be a whole number \(bound), not '\(text)'")
    }
    return number
  }

  mutating func share() throws(EngineError) -> Double {
    let text = try text()
    guard let number = Double(text), number > 0, number <= 1 else {
      throw .usage("\(name) must be above 0 and at most 1, not '\(text)'")
    }
    return number
  }

  mutating func choice<Value: RawRepresentable<String> & CaseIterable>() throws(EngineError) -> Value {
    let text = try text()
    guard let value = Value(rawValue: text) else {
      let words = Value.allCases.map(\.rawValue).joined(separator: " or ")
      throw .usage("\(name) must be \(words), not '\(text)'")
    }
    return value
  }

  mutating func flag() throws(EngineError) -> Bool {
    if wantsValue { throw .usage("\(name) takes no value") }
    return !isNegated
  }

  /// Takes the value off the command line when it was used and stood by itself.
  func finish(_ rest: inout ArraySlice<String>) throws(EngineError) {
    if takesNext, isUsed { rest.removeFirst() }
  }
}
