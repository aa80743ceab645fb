// How many tokens a second one rank decodes and prefills on one core, by batch size.
//
// usage: DecodeThroughput [MODEL_FOLDER] [CONTEXT]
import Glibc
import Model
import Tensors

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "models/operator-moe"
let context = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 144 : 144

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A batch of sequences in one cache, fed and timed.
struct Run {
  let model: LanguageModel
  let cache: KeyValueCache
  let experts: LocalExperts
  let sequences: Int
  let blocksEach: Int
  var logits: [Float]

  init(_ model: LanguageModel, sequences: Int, length: Int) throws {
    self.model = model
    self.sequences = sequences
    blocksEach = (length + 15) / 16
    cache = try KeyValueCache(
      model.configuration, blockCount: sequences * blocksEach, blockSize: 16,
      format: model.layout.arithmetic.cacheFormat)
    experts = try LocalExperts(model.experts)
    logits = [Float](repeating: 0, count: sequences * model.configuration.vocabularySize)
  }

  /// One pass that adds `tokens` to every sequence; returns its seconds.
  mutating func step(_ tokens: [Int32], at length: Int) -> Double {
    var batch = ForwardBatch()
    for sequence in 0..<sequences {
      let table = (sequence * blocksEach..<(sequence + 1) * blocksEach).map(Int32.init)
      batch.append(tokens, contextLength: length, blockTable: table, wantsLogits: true)
    }
    let start = seconds()
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    return seconds() - start
  }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func report(_ name: String, _ value: Double, _ unit: String) {
  print("BENCH name=\(name) value=\((value * 10).rounded() / 10) unit=\(unit)")
}

let model = try LanguageModel(folder: folder, maxBatchTokens: 4096)
let steps = 64
for sequences in [1, 8, 32, 64] {
  var run = try Run(model, sequences: sequences, length: context + steps)
  let prompt = (0..<context).map { Int32(($0 * 37 + 11) % model.configuration.vocabularySize) }
  var prefill = 0.0
  for start in stride(from: 0, to: context, by: 48) {
    prefill += run.step(Array(prompt[start..<min(start + 48, context)]), at: start)
  }
  if sequences == 32 {
    report("prefill_b32_tokens", Double(sequences * context) / prefill, "tokens/s")
  }
  let times = (0..<steps).map { run.step([Int32(($0 * 53 + 5) % 2000)], at: context + $0) }
  report("decode_b\(sequences)_tokens", Double(sequences) / median(times), "tokens/s")
}

/// The matrix products alone, beside OpenBLAS on the same numbers: f32 weights of 1024 by 1024, more of
/// them than the caches hold.
func products() throws {
  let size = 1024
  let copies = 48
  let weights = try FloatBuffer(count: copies * size * size)
  let x = try FloatBuffer(count: 256 * size)
  let y = try FloatBuffer(count: 256 * size)
  for index in 0..<weights.count { weights.base[index] = Float(index % 17) * 0.01 }
  for index in 0..<x.count { x.base[index] = Float(index % 13) * 0.01 }
  OpenBLAS.useOneThread()
  for rows in [1, 4, 16, 64, 256] {
    let ours = gigaflops(copies, rows, size) { copy in
      Matrix(weights.base + copy * size * size, storage: .f32, rows: size, columns: size)
        .product(Rows(x.base, stride: size), count: rows, into: Rows(y.base, stride: size))
    }
    let halves = gigaflops(copies, rows, size) { copy in
      Matrix(
        UnsafeRawPointer(weights.base) + copy * size * size * 2, storage: .bf16, rows: size, columns: size
      )
      .product(Rows(x.base, stride: size), count: rows, into: Rows(y.base, stride: size))
    }
    let peer = gigaflops(copies, rows, size) { copy in
      OpenBLAS.product(
        x.base, count: rows, weights: weights.base + copy * size * size, outputs: size, inputs: size,
        into: y.base)
    }
    report("product_f32_m\(rows)", ours, "GFLOP/s peer=\(Int(peer)) peer_name=openblas-\(OpenBLAS.core)")
    report("product_bf16_m\(rows)", halves, "GFLOP/s")
  }
}

func gigaflops(_ copies: Int, _ rows: Int, _ size: Int, _ body: (Int) -> Void) -> Double {
  body(0)
  let rounds = max(1, 64 / rows)
  let start = seconds()
  for _ in 0..<rounds { for copy in 0..<copies { body(copy) } }
  return Double(2 * rounds * copies * rows * size * size) / (seconds() - start) / 1e9
}

if CommandLine.arguments.count < 4 { try products() }
