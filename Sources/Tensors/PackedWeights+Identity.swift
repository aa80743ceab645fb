import Glibc

extension PackedWeights {
  /// What a packed file was made of: its name and its header, which must match to the byte.
  struct Identity {
    /// The part of the name that stays when the weights change.
    let place: String
    let fileName: String
    /// A text in front of the weights, padded to whole pages.
    let header: [UInt8]

    init(_ list: PackingList, sources: [String]) throws(TensorsError) {
      var text = "dpdeploy packed weights \(PackedWeights.formatVersion)\nlayout \(list.fingerprint)\n"
      var place = StableHash()
      place.add("\(list.format.rawValue)\n")
      for source in sources.sorted() {
        var status = stat()
        guard stat(source, &status) == 0 else { throw .failed(source) }
        place.add(source + "\n")
        text += "\(source) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)\n"
      }
      var whole = StableHash()
      whole.add(text)
      self.place = place.text
      fileName = "\(place.text)-\(whole.text).packed"
      let bytes = Array(text.utf8)
      let padded = (bytes.count / PackingList.alignment + 1) * PackingList.alignment
      header = bytes + [UInt8](repeating: 0, count: padded - bytes.count)
    }

    /// Removes what older versions of the same weights have left; whoever still maps them keeps them.
    func removeOthers(in cache: String) {
      guard let folder = opendir(cache) else { return }
      defer { closedir(folder) }
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasPrefix(place + "-"), name.hasSuffix(".packed"), name != fileName {
          unlink(cache + "/" + name)
        }
      }
    }
  }
}

/// An exclusive lock on a file, held while the object lives; the kernel lets go of it when the process ends.
final class FileLock {
  private let descriptor: Int32

  /// Waits for the lock.
  init(path: String) throws(TensorsError) {
    descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .failed(path) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        close(descriptor)
        throw .failed(path)
      }
    }
  }

  deinit { close(descriptor) }
}

extension TensorsError {
  /// The last system call's failure on `file`.
  static func failed(_ file: String) -> TensorsError {
    .unreadable(file: file, reason: String(cString: strerror(errno)))
  }
}
