import Glibc
public import JSON

/// A whole file mapped read-only and shared, so that all ranks of a machine hold one copy.
///
/// Sendable because the mapping is never written and lives as long as the object. A user of `bytes`
/// keeps the object in a property or a variable; a temporary is unmapped before its bytes are read.
public final class MappedFile: @unchecked Sendable {
  /// Where the file was found.
  public let path: String
  /// The file's bytes; valid while this object lives.
  public let bytes: UnsafeRawBufferPointer

  /// Maps the file at `path`; an empty file gives an empty buffer.
  public init(path: String) throws(TensorsError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: path, reason: "not a regular file")
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  /// Lets go of the pages that were read; they come again from the file when they are read again.
  ///
  /// Safe at any time, as the mapping is never written.
  func releasePages() {
    guard let start = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_DONTNEED)
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
  }
}

extension MappedFile {
  /// The JSON value the file at `path` holds.
  public static func json(path: String) throws(TensorsError) -> JSONValue {
    let file = try MappedFile(path: path)
    return try withExtendedLifetime(file) { () throws(TensorsError) in try json(file.bytes, file: path) }
  }

  /// The JSON value of a part of a file, which errors name.
  static func json(_ bytes: UnsafeRawBufferPointer, file: String) throws(TensorsError) -> JSONValue {
    do { return try JSONValue(parsing: Array(bytes)) } catch {
      throw .malformedJSON(file: file, reason: error.description)
    }
  }
}
