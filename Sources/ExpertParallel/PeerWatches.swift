import Glibc
import Platform

/// Notices the death of other ranks' processes, and ends those that hold up the rest.
struct PeerWatches {
  private enum Peer {
    case watched(ProcessWatch)
    /// Its process was gone before it could be watched.
    case gone(pid: Int32)
  }

  private var peers: [(rank: Int, peer: Peer)] = []

  /// Watches the processes of `ranks` that are not threads of this one.
  init(_ control: GroupControl, ranks: [Int]) throws(ExpertParallelError) {
    for rank in ranks {
      guard let pid = control.progress(of: rank).pid, pid != getpid() else { continue }
      do throws(SystemError) {
        peers.append((rank, .watched(try ProcessWatch(pid: pid))))
      } catch {
        guard error.code == ESRCH else { throw .system(error) }
        peers.append((rank, .gone(pid: pid)))
      }
    }
  }

  /// The ranks whose processes have ended.
  var ended: [(rank: Int, pid: Int32)] {
    peers.compactMap { rank, peer in
      switch peer {
      case .gone(let pid): (rank, pid)
      case .watched(let watch): watch.hasEnded ? (rank, watch.pid) : nil
      }
    }
  }

  /// What a rank's process does; nil when it has ended or is this one.
  func record(of rank: Int) -> ProcessRecord? {
    for case (rank, .watched(let watch)) in peers where !watch.hasEnded {
      return ProcessRecord(pid: watch.pid)
    }
    return nil
  }

  /// Kills a rank's process; it is known to have ended only once ``ended`` says so.
  func kill(_ rank: Int) {
    for case (rank, .watched(let watch)) in peers { watch.kill() }
  }
}
