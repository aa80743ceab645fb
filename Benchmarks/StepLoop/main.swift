// How long does a step of a data-parallel group take, and how many tokens a second is that?
//
//   StepLoop [--model DIR] [--ranks N] [--dtype bfloat16|float32|int8] [--cache DIR] [--context C] [--steps S]
//            [--prefill P] [BATCH…]
//
// Each rank is a process with one thread, and the experts' exchange is the engine's; there is no scheduler, no
// sampling and no HTTP. A batch is that of the whole group: the ranks share it as evenly as it goes. A line a batch:
//
//   STEP kind=decode ranks=2 batch=32 p50_ms=… mean_ms=… tokens_per_s=… mean_tokens_per_s=… waiting=…
//   bound_ms=… share_of_bound=…
//
// The bound is the time that rank 0's weights take to stream from memory, as fast as one row can take them in.
import ExpertParallel
import Glibc
import Platform

signal(SIGPIPE, SIG_IGN)
let plan: StepLoopPlan
do { plan = try StepLoopPlan(Array(CommandLine.arguments.dropFirst())) } catch {
  print("\(error)")
  exit(2)
}

if let rank = plan.rank {
  do {
    try StepLoopRank(plan, rank: rank).run()
    exit(0)
  } catch {
    print("rank \(rank): \(error)")
    exit(1)
  }
}

/// Starts the ranks as processes and waits for them; false when one failed.
@Loop func runGroup() async throws -> Bool {
  let segment = try GroupControl.makeSegment()
  var children: [ChildProcess] = []
  for rank in 0..<plan.ranks {
    let command = Command(
      Executable.path ?? "", plan.arguments + ["--rank", String(rank)],
      descriptors: [(segment.descriptor.raw, 3)], newSession: false)
    children.append(try ChildProcess(command))
  }
  var isGood = true
  for child in children where await child.exit(until: .after(.seconds(600))) != .exited(0) { isGood = false }
  return isGood
}

EventLoop.shared.run {
  do { return try await runGroup() ? 0 : 1 } catch {
    print("\(error)")
    return 1
  }
}
