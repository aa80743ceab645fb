import Glibc

/// What a starter manifest has to know of the machine that it is written on.
struct Machine: Equatable {
  /// Processor cores that are online.
  var cores: Int
  /// The machine's memory; nil when it does not say.
  var memoryBytes: Int?

  /// This machine.
  static func current() -> Machine {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return Machine(
      cores: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      memoryBytes: pages > 0 && size > 0 ? pages * size : nil)
  }
}
