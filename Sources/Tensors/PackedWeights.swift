import Glibc

/// A file of packed weights, mapped read-only and shared by all ranks of a machine.
///
/// The first rank that needs it packs it, under a lock, while the others wait; later starts find it. It lies in a
/// cache folder and may be deleted at any time. A file of other sources, another version or another size is packed anew.
public final class PackedWeights {
  private let file: MappedFile
  private let list: PackingList
  private let dataOffset: Int

  /// Counts up with every change of the packed form.
  static let formatVersion = 2

  private init(_ file: MappedFile, _ list: PackingList, dataOffset: Int) {
    self.file = file
    self.list = list
    self.dataOffset = dataOffset
  }

  /// Where the file lies.
  public var path: String { file.path }

  /// The arithmetic of layers that are not in the file.
  var arithmetic: Arithmetic { list.format == .int8 ? .int8 : .bfloat16 }

  func matrix(_ name: String) -> PackedMatrix? {
    guard let item = list.item(name), let base = file.bytes.baseAddress else { return nil }
    return PackedMatrix(
      base + dataOffset + item.offset, rows: item.rows, columns: item.columns, format: list.format)
  }

  /// Finds or makes the packed form of `list`, whose weights come from `sources`, in a cache folder.
  ///
  /// - Throws: ``TensorsError/unreadable(file:reason:)`` when the folder, the lock or the disk does not allow it.
  public static func open(
    _ list: PackingList, sources: [String], cache: String
  ) throws(TensorsError) -> PackedWeights {
    let identity = try Identity(list, sources: sources)
    let path = cache + "/" + identity.fileName
    if let found = existing(path, identity, list) { return found }
    try makeFolder(cache)
    let lock = try FileLock(path: path + ".lock")
    return try withExtendedLifetime(lock) { () throws(TensorsError) in
      if let found = existing(path, identity, list) { return found }
      try write(list, identity, to: path)
      identity.removeOthers(in: cache)
      guard let made = existing(path, identity, list) else {
        throw .unreadable(file: path, reason: "changed while it was packed")
      }
      return made
    }
  }

  private static func existing(
    _ path: String, _ identity: Identity, _ list: PackingList
  ) -> PackedWeights? {
    guard let file = try? MappedFile(path: path),
      file.bytes.count == identity.header.count + list.byteCount,
      file.bytes.prefix(identity.header.count).elementsEqual(identity.header)
    else { return nil }
    return PackedWeights(file, list, dataOffset: identity.header.count)
  }

  private static func makeFolder(_ path: String) throws(TensorsError) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += (partial.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
      guard mkdir(partial, 0o700) == 0 || errno == EEXIST
      else { throw .failed(partial) }
    }
  }

  /// Writes under another name and renames, so that nobody ever maps half a file.
  private static func write(
    _ list: PackingList, _ identity: Identity, to path: String
  ) throws(TensorsError) {
    let temporary = path + ".\(getpid())"
    let descriptor = Glibc.open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .failed(temporary) }
    defer { close(descriptor) }
    do throws(TensorsError) {
      try fill(descriptor, list, identity, temporary)
      guard rename(temporary, path) == 0 else { throw .failed(path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func fill(
    _ descriptor: Int32, _ list: PackingList, _ identity: Identity, _ path: String
  ) throws(TensorsError) {
    let size = identity.header.count + list.byteCount
    // Takes the room first: on a full disk a write through a mapping would be a fatal signal.
    let code = posix_fallocate(descriptor, 0, size)
    guard code == 0 else { throw .unreadable(file: path, reason: String(cString: strerror(code))) }
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw .failed(path) }
    defer { munmap(address, size) }
    for item in list.items { item.pack(list.format, to: address + identity.header.count + item.offset) }
    UnsafeMutableRawBufferPointer(start: address, count: size).copyBytes(from: identity.header)
    guard fsync(descriptor) == 0 else { throw .failed(path) }
  }
}
