import CLinux
import Glibc

/// Memory that processes share by a descriptor and that the kernel frees with its last holder.
public struct SharedMemory: ~Copyable, Sendable {
  /// The descriptor to hand to another process.
  public let descriptor: FileDescriptor

  /// Makes an anonymous segment (`memfd_create`) of `byteCount` zero bytes; `name` shows in `/proc`.
  public init(name: String, byteCount: Int) throws(SystemError) {
    descriptor = try Self.makeSegment(name, byteCount)
  }

  private static func makeSegment(_ name: String, _ byteCount: Int) throws(SystemError) -> FileDescriptor {
    let segment = FileDescriptor(owning: try checkingNegated("memfd_create") { clinux_memfd_create(name) })
    let raw = segment.raw
    try checking("ftruncate", name) { ftruncate(raw, byteCount) }
    return segment
  }

  /// Takes over a descriptor that another process made.
  public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

  /// The segment's size in bytes.
  public borrowing func byteCount() throws(SystemError) -> Int {
    var status = stat()
    let raw = descriptor.raw
    try checking("fstat") { fstat(raw, &status) }
    return Int(status.st_size)
  }

  /// Maps `byteCount` bytes from `offset`, a multiple of the page size, into this process.
  public borrowing func map(
    offset: Int = 0, byteCount: Int, writable: Bool = true
  ) throws(SystemError) -> MappedMemory {
    try MappedMemory(descriptor.raw, offset: offset, byteCount: byteCount, writable: writable)
  }
}

/// A shared mapping, unmapped when its owner lets go.
public struct MappedMemory: ~Copyable, @unchecked Sendable {
  // Sendable because it is only an address range: what is stored there follows a protocol of its own (one writer,
  // the flag after the data).

  /// The mapped bytes.
  public let bytes: UnsafeMutableRawBufferPointer

  /// Maps a part of the open file `fd`; `offset` is a multiple of the page size.
  public init(_ fd: Int32, offset: Int = 0, byteCount: Int, writable: Bool) throws(SystemError) {
    let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
    guard let base = mmap(nil, byteCount, protection, MAP_SHARED, fd, offset), base != MAP_FAILED else {
      throw SystemError(call: "mmap", code: errno)
    }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }
}
