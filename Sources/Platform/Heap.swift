import CLinux

/// The memory that this process allocates from.
public enum Heap {
  /// Gives what was freed back to the system: an allocator keeps what a burst needed for the next one.
  public static func trim() { clinux_trim_heap() }
}
