import Glibc
public import Platform
import Synchronization

// Who is in the group, and how that changes.
//
// A rank that finds a member dead, or a newcomer at the door, proposes the next view: it writes the members into its
// own line and swaps the view word. Only the lowest living member proposes, and the swap lets one proposal through. All
// others see the new word in whatever wait they are, drop what they were at, and meet in the new view before anybody
// touches shared data again. Then each runs its unfinished step anew.
extension ExpertGroup {
  /// Takes this rank's place: at the group's beginning with all others, later when the members let it in.
  public func join(until deadline: Instant) throws(ExpertParallelError) {
    if !control.header.isFormed {
      if membership.contains(rank) { return try form(until: deadline) }
      try awaitFounders(until: deadline)
    }
    // Members that pause look only once a second whether one of them has died.
    control.header.pauseBell.ring()
    try claim(until: deadline)
    control.header.pauseBell.ring()
    control.header.stepBell.ring()
    let limits = WaitLimits(deadline: deadline, slice: policy.slice)
    try wait(for: .admission, on: control.header.stepBell, limits) { [rank] in
      presentView().members.contains(rank) ? nil : rank
    }
    try enterView()
  }

  private func form(until deadline: Instant) throws(ExpertParallelError) {
    guard line.claim(pid: getpid()) else { throw .rankTaken(rank: rank, pid: holder) }
    line.wave.pointee.store(wave, ordering: .relaxed)
    line.state = .running
    control.header.stepBell.ring()
    let missing = { [peers, membership] in
      membership.ranks.first { peers[$0].state != .running && peers[$0].state != .paused }
    }
    let limits = WaitLimits(deadline: deadline, slice: policy.slice)
    try wait(for: .join, on: control.header.stepBell, limits, missing: missing)
    watches = try PeerWatches(control, ranks: membership.ranks)
    // A rank that died on its way here is known by now; from here on the group outlives its ranks.
    if let (peer, pid) = watches?.ended.first { throw .peerEnded(rank: peer, pid: pid, phase: .join) }
    control.header.form()
    control.header.stepBell.ring()
  }

  /// One that is to join later waits until there is a group.
  private func awaitFounders(until deadline: Instant) throws(ExpertParallelError) {
    let header = control.header
    let limits = WaitLimits(deadline: deadline, slice: policy.slice)
    try wait(for: .join, on: header.stepBell, limits) { header.isFormed ? nil : 0 }
  }

  /// The process that has this rank's line.
  private var holder: Int32 { Int32(bitPattern: line.pid.pointee.load(ordering: .relaxed)) }

  /// Takes the line that a dead predecessor leaves once the members have noticed.
  private func claim(until deadline: Instant) throws(ExpertParallelError) {
    if line.state != .absent, let record = ProcessRecord(pid: holder), !record.isZombie {
      throw .rankTaken(rank: rank, pid: holder)
    }
    let limits = WaitLimits(deadline: deadline, slice: policy.slice)
    try wait(for: .admission, on: control.header.stepBell, limits) { [line, rank] in
      line.claim(pid: getpid()) ? nil : rank
    }
    line.wave.pointee.store(0, ordering: .relaxed)
  }

  /// Takes part in the view that is in force, after ``ExpertParallelError/membershipChanged``.
  ///
  /// Returns when all its members do; the step that was under way has had no effect and is to be run again.
  public func enterView() throws(ExpertParallelError) {
    while true {
      let (word, members) = presentView()
      guard members.contains(rank) else { throw .expelled(rank: rank) }
      (viewWord, membership) = (word, members)
      watches = try PeerWatches(control, ranks: members.ranks)
      do throws(ExpertParallelError) {
        try meetInView(word)
        break
      } catch {
        guard case .membershipChanged = error else { throw error }
      }
    }
    beginView()
  }

  private func meetInView(_ word: ViewWord) throws(ExpertParallelError) {
    line.entered.pointee.store(word.raw, ordering: .sequentiallyConsistent)
    control.header.stepBell.ring()
    let limits = WaitLimits(deadline: .after(policy.timeout), slice: policy.slice)
    try wait(for: .view(word.view), on: control.header.stepBell, limits) { [membership, peers] in
      membership.ranks.first { peers[$0].entered.pointee.load(ordering: .acquiring) != word.raw }
    }
  }

  /// What every member concludes alike from the members: who owns what, and where the count of steps and waves begins.
  private func beginView() {
    restartBalancing()
    step = 0
    for half in ordinals.indices { ordinals[half] = 0 }
    wave = membership.ranks.map { peers[$0].wave.pointee.load(ordering: .acquiring) }.max() ?? wave
    line.wave.pointee.store(wave, ordering: .sequentiallyConsistent)
    control.header.raiseWave(to: wave)
    line.awaited = nil
    line.state = .running
    counters.views += 1
  }

  /// The view in force and its members, read as one.
  func presentView() -> (word: ViewWord, members: Membership) {
    let header = control.header
    while true {
      let word = ViewWord(raw: header.view.pointee.load(ordering: .acquiring))
      let mask = peers[word.proposer].proposal.pointee.load(ordering: .acquiring)
      // A proposer writes its line before it swaps the word, so an unchanged word vouches for the mask.
      guard header.view.pointee.load(ordering: .acquiring) == word.raw else { continue }
      return (word, Membership(view: word.view, mask: mask))
    }
  }

  /// Lets newcomers in, if it falls to this rank to do so.
  func admitNewcomers() throws(ExpertParallelError) {
    guard policy.recovers else { return }
    let newcomers = peers.indices.filter { peers[$0].state == .joining && !membership.contains($0) }
    guard !newcomers.isEmpty else { return }
    try propose(membership.ranks + newcomers)
  }

  /// Members that gave their place up.
  var leavers: [Int] { membership.ranks.filter { $0 != rank && peers[$0].state == .left } }

  /// Leaves members behind that died or left.
  func expel(_ gone: [Int]) throws(ExpertParallelError) {
    try propose(membership.ranks.filter { !gone.contains($0) })
  }

  /// Proposes the next view when this is the lowest member that lives; the others wait for that.
  private func propose(_ ranks: [Int]) throws(ExpertParallelError) {
    let gone = (watches?.ended.map(\.rank) ?? []) + leavers
    guard membership.ranks.first(where: { !gone.contains($0) }) == rank else { return }
    let next = Membership(view: membership.view + 1, ranks: ranks.filter { !gone.contains($0) })
    line.proposal.pointee.store(next.mask, ordering: .releasing)
    let word = ViewWord(view: next.view, proposer: rank)
    let (exchanged, _) = control.header.view.pointee.compareExchange(
      expected: viewWord.raw, desired: word.raw, ordering: .acquiringAndReleasing)
    if exchanged {
      for rank in membership.ranks where !next.contains(rank) { peers[rank].state = .absent }
      control.ringAll()
    }
    throw .membershipChanged
  }
}
