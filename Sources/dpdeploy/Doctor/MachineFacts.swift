import ControlAPI
import FoundationEssentials
import Glibc
import Platform
import Supervision

/// What a deployment needs to know of a machine; nil is what the machine does not say.
struct MachineFacts: Sendable, Equatable {
  var machine: Machine
  /// Memory that could be had without swapping.
  var memoryAvailableBytes: Int?
  /// Files that a process may have open at most.
  var openFiles: Int?
  /// Processes and threads that the user may have.
  var processes: Int?
  /// Room under `/dev/shm`.
  var sharedMemoryBytes: Int?
  /// Whether the processor multiplies by AVX2.
  var hasAVX2: Bool?
  /// The kernel's release, such as `6.1.0-18-amd64`.
  var kernel: String?
  /// Where control groups can be made; nil where they cannot.
  var controlGroups: String?
  /// Where the controller keeps its state.
  var home: String
  /// What is there now.
  var homeFacts = HomeFacts(mode: 0o700, socket: .none)
  /// Whether that folder can be written, or made.
  var isHomeWritable: Bool
  /// Room where it is.
  var homeBytes: Int?
  /// Its accelerators.
  var devices: [DeviceStatus] = []
  /// Why those cannot be read; nil where they can, or where there is no driver.
  var deviceProblem: String?
}

extension MachineFacts {
  /// This machine, of which `status` was read, and a home directory on it.
  static func current(_ status: MachineStatus, home: HomeDirectory) -> MachineFacts {
    let folder = nearestFolder(home.path)
    return MachineFacts(
      machine: .current(), memoryAvailableBytes: rest(status.memoryTotalBytes, status.memoryUsedBytes),
      openFiles: limit(RLIMIT_NOFILE), processes: limit(__RLIMIT_NPROC),
      sharedMemoryBytes: rest(status.shmTotalBytes, status.shmUsedBytes),
      hasAVX2: text("/proc/cpuinfo").map { $0.split(whereSeparator: \.isWhitespace).contains("avx2") },
      kernel: text("/proc/sys/kernel/osrelease").map { String($0.prefix { !$0.isWhitespace }) },
      controlGroups: ControlGroup.base, home: home.path, homeFacts: .of(home),
      isHomeWritable: access(folder, W_OK | X_OK) == 0, homeBytes: room(folder), devices: status.devices,
      deviceProblem: status.deviceProblem)
  }

  /// The folder itself, or where it would be made.
  private static func nearestFolder(_ path: String) -> String {
    var path = path
    while access(path, F_OK) != 0, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      path = String(path[..<slash])
    }
    return access(path, F_OK) == 0 ? path : "/"
  }

  private static func room(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  private static func limit(_ resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
    return Int(clamping: limit.rlim_max)
  }

  private static func rest(_ total: Known<Int>, _ used: Known<Int>) -> Int? {
    total.value.flatMap { total in used.value.map { total - $0 } }
  }

  private static func text(_ path: String) -> String? {
    (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
  }
}
