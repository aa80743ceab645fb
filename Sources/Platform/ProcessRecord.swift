import Glibc

/// What `/proc` says of a process now.
public struct ProcessRecord: Hashable, Sendable {
  /// The process id.
  public let pid: Int32
  /// The parent's process id.
  public let parent: Int32
  /// Its session: the process id of the one that founded it.
  public let session: Int32
  /// When it started, in clock ticks after boot: with the pid and the boot id this names the process for ever.
  public let startTicks: UInt64
  /// User and system time of all its threads, in nanoseconds.
  public let cpuNanoseconds: UInt64
  /// Resident memory, in bytes.
  public let residentBytes: Int
  /// Whether it has ended and waits to be reaped.
  public let isZombie: Bool
  /// Whether it waits for a disk, which no signal interrupts.
  public let isWaitingForDisk: Bool
  /// Whether it has an environment.
  public let environment: EnvironmentState
  /// How a zombie ended, as `wait` would tell; nil while it runs, and where the kernel does not say.
  public let waitStatus: Int32?

  /// Reads `/proc/PID/stat`; nil when there is no such process.
  public init?(pid: Int32) {
    guard let bytes = try? FileContent.bytes(of: "/proc/\(pid)/stat"),
      let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      close + 2 < bytes.count
    else { return nil }
    // The name may hold spaces and brackets, so fields are counted from its closing bracket: the next is the third.
    let state = bytes[close + 2]
    let fields = Self.numbers(bytes[(close + 3)...])
    guard fields.count > 20 else { return nil }
    self.pid = pid
    parent = Int32(truncatingIfNeeded: fields[0])
    session = Int32(truncatingIfNeeded: fields[2])
    startTicks = fields[18]
    cpuNanoseconds = (fields[10] &+ fields[11]) &* Self.nanosecondsPerTick
    residentBytes = Int(truncatingIfNeeded: fields[20]) &* Self.pageSize
    isZombie = state == UInt8(ascii: "Z")
    isWaitingForDisk = state == UInt8(ascii: "D")
    environment = Self.environment(fields)
    waitStatus = isZombie && fields.count > 48 ? Int32(truncatingIfNeeded: fields[48]) : nil
  }

  /// Whether a process has an environment that it could show.
  public enum EnvironmentState: Hashable, Sendable {
    /// It has none: a kernel thread, a zombie, or a program that was given an empty one.
    case absent
    /// It is in the middle of `execve`: the old image is gone, and the new one has no stack yet.
    case inTheMaking
    /// It has one.
    case present
  }

  /// The kernel tells where the program's code begins when all else of an image is there (`load_elf_binary`), and to
  /// those who may not look that it begins at 1 and has no environment.
  private static func environment(_ fields: [UInt64]) -> EnvironmentState {
    let (imageBytes, codeStart) = (fields[19], fields.count > 22 ? fields[22] : 1)
    guard imageBytes != 0 else { return .absent }
    guard codeStart != 0 else { return .inTheMaking }
    return fields.count > 47 && fields[46] == fields[47] ? .absent : .present
  }

  private static let nanosecondsPerTick = 1_000_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK)))
  private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

  /// The numbers of a line, which spaces part; a negative one is its two's complement.
  private static func numbers(_ line: ArraySlice<UInt8>) -> [UInt64] {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(52)
    var (number, isNegative, isOpen) = (UInt64(0), false, false)
    for byte in line {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        number = number &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
        isOpen = true
      case UInt8(ascii: "-"): isNegative = true
      default:
        if isOpen { numbers.append(isNegative ? 0 &- number : number) }
        (number, isNegative, isOpen) = (0, false, false)
      }
    }
    if isOpen { numbers.append(isNegative ? 0 &- number : number) }
    return numbers
  }

  /// Memory that it alone pays for, in bytes (`Pss`): shared pages count in parts; nil when it cannot be read.
  public static func proportionalBytes(pid: Int32) -> Int? {
    guard let text = try? FileContent.text(of: "/proc/\(pid)/smaps_rollup") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }

  /// What the process calls itself, the first word of its command line; nil when it has none.
  public static func title(ofProcess pid: Int32) -> String? {
    guard let text = try? FileContent.text(of: "/proc/\(pid)/cmdline"), !text.isEmpty else { return nil }
    return String(text.prefix { $0 != "\0" })
  }

  /// The value of `variable` in the environment that the process started with; nil when it is not there or not ours
  /// to read.
  public static func environment(_ variable: String, ofProcess pid: Int32) -> String? {
    guard let text = try? FileContent.text(of: "/proc/\(pid)/environ") else { return nil }
    let entry = text.split(separator: "\0").first { $0.hasPrefix(variable + "=") }
    return entry.map { String($0.dropFirst(variable.count + 1)) }
  }

  /// The ids of all processes that this one can see.
  public static func allPids() -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var pids: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let pid = Int32(name) { pids.append(pid) }
    }
    return pids
  }

  /// A name for the machine's present uptime; nil when it cannot be read.
  public static var bootID: String? {
    (try? FileContent.text(of: "/proc/sys/kernel/random/boot_id")).map { String($0.prefix { $0 != "\n" }) }
  }
}

/// The path of this program.
public enum Executable {
  /// The absolute path of the running program; nil when the kernel does not say.
  public static var path: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let count = readlink("/proc/self/exe", base, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(buffer).prefix(count), as: UTF8.self)
    }
  }

  /// The folder of the running program.
  public static var directory: String? {
    path.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
  }
}
