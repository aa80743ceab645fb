import Glibc
import Synchronization

/// Why a stats page could not be made or read.
public struct StatsPageError: Error, Equatable, CustomStringConvertible {
  /// The page's path.
  public let path: String
  /// What is wrong with it.
  public let problem: String
  /// A message that names the file.
  public var description: String { "stats page \(path): \(problem)" }

  static func system(_ call: String, _ path: String, _ code: Int32 = errno) -> StatsPageError {
    StatsPageError(path: path, problem: "\(call) failed: \(String(cString: strerror(code)))")
  }
}

/// The words of a mapped page, each read and written whole.
///
/// Every word has one writer; readers see each word whole and, but for those that are published, in no promised order. `Sendable` because all
/// access goes through atomics.
final class StatsMapping: @unchecked Sendable {
  private let words: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ fd: Int32, byteCount: Int, writable: Bool, path: String) throws(StatsPageError) {
    let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
    guard let base = mmap(nil, byteCount, protection, MAP_SHARED, fd, 0), base != MAP_FAILED else {
      throw .system("mmap", path)
    }
    words = base
    self.byteCount = byteCount
  }

  deinit { munmap(words, byteCount) }

  func load(_ index: Int) -> UInt64 { word(index).pointee.load(ordering: .relaxed) }

  func store(_ value: UInt64, _ index: Int) { word(index).pointee.store(value, ordering: .relaxed) }

  /// A word that was written by ``publish(_:_:)``: who sees it sees all that was written before it.
  func published(_ index: Int) -> UInt64 { word(index).pointee.load(ordering: .acquiring) }

  /// Writes a word that says of others that they are there.
  func publish(_ value: UInt64, _ index: Int) { word(index).pointee.store(value, ordering: .releasing) }

  /// Adds without a locked instruction, which a word's only writer does not need.
  func add(_ value: Int64, _ index: Int) { store(load(index) &+ UInt64(bitPattern: value), index) }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (words + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
}
