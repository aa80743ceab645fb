import Glibc

/// Zeroed private f32 memory straight from the kernel.
///
/// Pages cost nothing until they are written, so buffers may be sized for the largest batch allowed.
public final class FloatBuffer {
  /// The first element.
  public let base: UnsafeMutablePointer<Float>
  /// Elements.
  public let count: Int

  /// Maps room for `count` elements.
  public init(count: Int) throws(TensorsError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow else { throw .outOfMemory(bytes: .max) }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let address, address != MAP_FAILED else { throw .outOfMemory(bytes: bytes) }
    base = address.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { munmap(base, max(count, 1) * MemoryLayout<Float>.stride) }
}
