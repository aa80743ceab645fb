import ControlAPI
import FoundationEssentials
import Platform
import Supervision

/// The living processes of a home directory, found by nothing but their environment: what a status says is not trusted.
struct Population: CustomStringConvertible {
  /// Processes that carry the token of a rank.
  private(set) var ranks: Set<Int32> = []
  /// Processes that carry the token of an ingress replica.
  private(set) var ingress: Set<Int32> = []
  /// Processes that carry the token of a front.
  private(set) var fronts: Set<Int32> = []
  /// All others: the controller, and tools that run.
  private(set) var others: Set<Int32> = []

  init(of home: HomeDirectory) {
    for pid in ProcessRecord.allPids() {
      guard ProcessRecord.environment("DPDEPLOY_HOME", ofProcess: pid) == home.path else { continue }
      let token = ProcessRecord.environment(ProcessToken.variable, ofProcess: pid).flatMap(ProcessToken.init)
      switch token?.role {
      case "rank": ranks.insert(pid)
      case "ingress": ingress.insert(pid)
      case "front": fronts.insert(pid)
      default: others.insert(pid)
      }
    }
  }

  var all: Set<Int32> { ranks.union(ingress).union(fronts).union(others) }
  var isEmpty: Bool { all.isEmpty }
  var description: String { "ranks \(ranks), ingress \(ingress), fronts \(fronts), others \(others)" }
}

/// The files that an application leaves while it lives, and the shared memory that a process holds.
enum Remains {
  /// Everything under the run folders of a home: sockets and stats pages.
  static func runFiles(of home: HomeDirectory) -> [String] {
    (try? FileManager.default.subpathsOfDirectory(atPath: home.path + "/run")) ?? []
  }

  /// The shared memory segments that a process has open, by name.
  static func segments(of pid: Int32) -> [String] {
    let folder = "/proc/\(pid)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
      .filter { $0.contains("memfd:") }
  }
}
