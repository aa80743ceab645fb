import Glibc
import Platform

/// The processes of a home at one instant, by what `/proc` says.
struct ProcessScan {
  /// The first processes of their tokens; what they forked is counted in ``others``.
  var leaders: [Leader] = []
  /// Processes that carry a token and were started by others than the controller.
  var others: [Int32] = []

  /// A rank or an ingress replica.
  struct Leader: Hashable {
    let pid: Int32
    let startTicks: UInt64
    let application: String
    /// `rank` or `ingress`.
    let role: String
    /// `GROUP-RANK`, or the number of an ingress replica.
    let index: String
    let epoch: Int
    /// The settings that it was started with, by which revisions differ.
    let settings: String
    /// The inode of its group's shared memory; 0 for an ingress replica.
    let segment: UInt64

    var place: String { "\(application) \(role) \(index)" }
    var group: String { String(index.prefix { $0 != "-" }) }
  }

  var ranks: [Leader] { leaders.filter { $0.role == "rank" } }
  var ingress: [Leader] { leaders.filter { $0.role == "ingress" } }
  var isEmpty: Bool { leaders.isEmpty && others.isEmpty }
}

/// Looks for the processes of a home; what it knows of a process it does not read again.
@Loop
final class ProcessScanner {
  private let marker: String
  private var strangers: [Int32: Instant] = [:]
  private var known: [Int32: ProcessScan.Leader] = [:]
  /// A process that has no token by now has none: at its start it may not show its environment yet.
  private static let patience = Duration.milliseconds(500)

  /// - Parameter home: the folder, of whose path the tokens carry the hash.
  init(home: String) {
    // FNV-1a, as the tokens have it; written anew here, so that an error there is seen.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    marker = "DPDEPLOY_TOKEN=" + String(hash, radix: 16) + ":"
  }

  func scan() -> ProcessScan {
    var scan = ProcessScan()
    for pid in ProcessRecord.allPids() where !isStranger(pid) {
      guard let record = ProcessRecord(pid: pid), !record.isZombie else { continue }
      if let leader = known[pid], leader.startTicks == record.startTicks {
        scan.leaders.append(leader)
      } else if let token = token(of: pid) {
        strangers[pid] = nil
        if record.session == pid, let leader = leader(pid, record, token) {
          known[pid] = leader
          scan.leaders.append(leader)
        } else {
          scan.others.append(pid)
        }
      } else if strangers[pid] == nil {
        strangers[pid] = .after(Self.patience)
      }
    }
    return scan
  }

  private func isStranger(_ pid: Int32) -> Bool { strangers[pid].map { $0 <= .now } ?? false }

  private func token(of pid: Int32) -> [String]? {
    let entry = Self.words(of: "/proc/\(pid)/environ").first { $0.hasPrefix(marker) }
    return entry.map { $0.dropFirst("DPDEPLOY_TOKEN=".count).split(separator: ":").map(String.init) }
  }

  private func leader(_ pid: Int32, _ record: ProcessRecord, _ token: [String]) -> ProcessScan.Leader? {
    guard token.count == 6, let epoch = Int(token[4]) else { return nil }
    let words = Self.words(of: "/proc/\(pid)/cmdline")
    // What a rank forked into a session of its own was given no options.
    guard words.contains(where: { $0.hasPrefix("--") }) else { return nil }
    let settings = zip(words, words.dropFirst()).first { $0.0 == "--max-num-seqs" }.map(\.1) ?? ""
    var status = stat()
    let segment = stat("/proc/\(pid)/fd/3", &status) == 0 && token[2] == "rank" ? UInt64(status.st_ino) : 0
    return ProcessScan.Leader(
      pid: pid, startTicks: record.startTicks, application: token[1], role: token[2], index: token[3],
      epoch: epoch, settings: settings, segment: segment)
  }

  /// The texts of a file in which zeros part them.
  private static func words(of path: String) -> [String] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return [] }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while case let count = read(fd, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }
}
