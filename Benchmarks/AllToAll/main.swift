// How long does one exchange (dispatch and combine of one layer with experts) take between processes?
//
//   swift run -c release AllToAll [--yields N] [WORLD…]
//
// H 192, 16 experts, top 4, 8 layers; experts copy their input, so this is the price of communication alone.
import ExpertParallel
import Glibc
import Platform

signal(SIGPIPE, SIG_IGN)
let arguments = Array(CommandLine.arguments.dropFirst())

func report(_ name: String, _ result: (median: Double, mean: Double)) {
  func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
  print("BENCH name=\(name) value=\(rounded(result.median)) unit=us mean=\(rounded(result.mean))")
}

/// All scenarios of one group, as seen by one of its ranks; rank 0 prints.
func runWorker(rank: Int, world: Int, descriptor: Int32, yields: Int?) throws(ExpertParallelError) {
  let worker = try Worker(rank: rank, world: world, descriptor: descriptor, yields: yields)
  for tokens in [1, 8, 32, 64, 256] where world * tokens <= 1024 {
    let result = try worker.measure(tokens: tokens)
    if rank == 0 { report("all_to_all_n\(world)_t\(tokens)", result) }
  }
  let lone = try worker.measure(tokens: rank == 0 ? 4 : 0, attention: rank == 0 ? .microseconds(200) : .zero)
  if rank == 0 { report("one_busy_rank_of_\(world)_with_200us_attention", lone) }
  let cpu = Processor.threadNanoseconds
  _ = try worker.group.agree(StepIntent())
  let begin = Instant.now
  if rank == 0 {
    // Rank 0 sleeps elsewhere and then wakes the others, which have paused.
    usleep(1_000_000)
    worker.group.control.wake()
  }
  try worker.group.pause()
  let share = Double(Processor.threadNanoseconds - cpu) / Double((Instant.now - begin).wholeNanoseconds)
  if rank == 1 % world {
    print("BENCH name=paused_rank_of_\(world) value=\(share * 100) unit=percent_of_a_core")
  }
  worker.group.leave()
}

/// Starts the ranks of a group as processes and waits for them; false when one failed.
@Loop func runGroup(world: Int, yields: Int?) async throws -> Bool {
  let segment = try GroupControl.makeSegment()
  var children: [ChildProcess] = []
  for rank in 0..<world {
    let command = Command(
      Executable.path ?? "", ["worker", String(rank), String(world)] + (yields.map { [String($0)] } ?? []),
      descriptors: [(segment.descriptor.raw, 3)], newSession: false)
    children.append(try ChildProcess(command))
  }
  var isGood = true
  for child in children where await child.exit(until: .after(.seconds(120))) != .exited(0) { isGood = false }
  return isGood
}

if arguments.first == "worker", arguments.count >= 3, let rank = Int(arguments[1]),
  let world = Int(arguments[2])
{
  do {
    try runWorker(
      rank: rank, world: world, descriptor: 3, yields: arguments.count > 3 ? Int(arguments[3]) : nil)
    exit(0)
  } catch {
    print("rank \(rank): \(error)")
    exit(1)
  }
}

let yields = arguments.first == "--yields" ? arguments.dropFirst().first.flatMap { Int($0) } : nil
let worlds = arguments.dropFirst(yields == nil ? 0 : 2).compactMap { Int($0) }
EventLoop.shared.run {
  do {
    for world in worlds.isEmpty ? [1, 2, 4, 16] : worlds {
      guard try await runGroup(world: world, yields: yields) else { return 1 }
    }
    return 0
  } catch {
    print("\(error)")
    return 1
  }
}
