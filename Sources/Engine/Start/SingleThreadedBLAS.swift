import Glibc

/// OpenBLAS starts its worker threads when the program is loaded, before any code of ours.
///
/// They would take signals that we block, and memory that we never use: each rank computes on one thread. The number
/// is read from the environment at load, so the program is executed once more, as the same process, with it set.
enum SingleThreadedBLAS {
  private static let variable = "OPENBLAS_NUM_THREADS"

  /// Returns when OpenBLAS has no threads of its own, or when they cannot be prevented.
  static func ensure() {
    guard getenv(variable).map({ String(cString: $0) }) != "1", setenv(variable, "1", 1) == 0 else { return }
    // By its path rather than as /proc/self/exe, or the process would be called `exe`.
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return }
    execv(path, CommandLine.unsafeArgv)
  }
}
