import Glibc
import Platform

/// Notices the death of other ranks' processes.
struct PeerWatches {
  private var watches: [(rank: Int, watch: ProcessWatch)] = []

  /// Watches the processes of all ranks that are not threads of this one.
  init(_ control: GroupControl) throws(ExpertParallelError) {
    for rank in 0..<control.shape.world {
      guard let pid = control.progress(of: rank).pid, pid != getpid() else { continue }
      do throws(SystemError) {
        watches.append((rank, try ProcessWatch(pid: pid)))
      } catch {
        throw error.code == ESRCH ? .peerEnded(rank: rank, pid: pid, phase: .join) : .system(error)
      }
    }
  }

  /// The first rank whose process has ended.
  var ended: (rank: Int, pid: Int32)? {
    watches.first { $0.watch.hasEnded }.map { ($0.rank, $0.watch.pid) }
  }
}
