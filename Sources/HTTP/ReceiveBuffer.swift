import Platform

/// Bytes that have arrived and are not used yet.
@Loop
final class ReceiveBuffer {
  /// Nothing while there are no bytes, so that ten thousand idle connections hold none.
  private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0

  isolated deinit { giveBack() }

  /// Gives the memory back when there are no bytes in it.
  func release() {
    guard start == end else { return }
    giveBack()
    storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    (start, end) = (0, 0)
  }

  var count: Int { end - start }

  /// The unused bytes, valid until the next call.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[start..<end]) }

  /// Room for at least 4 KiB more; ``commit(_:)`` tells how much of it was filled.
  func spare() -> UnsafeMutableRawBufferPointer {
    if start == end {
      start = 0
      end = 0
    }
    if storage.count - end < 4096 { makeRoom() }
    return UnsafeMutableRawBufferPointer(rebasing: storage[end...])
  }

  func commit(_ count: Int) { end += count }

  func drop(_ count: Int) { start += count }

  func take(_ count: Int) -> [UInt8] {
    defer { drop(count) }
    return Array(bytes.prefix(count))
  }

  private func makeRoom() {
    let unused = count
    let isFull = unused * 2 >= storage.count
    let target = isFull ? BufferPool.take(atLeast: storage.count * 2) : storage
    if let from = storage.baseAddress, let to = target.baseAddress {
      to.copyMemoryOverlapping(from: from + start, byteCount: unused)
    }
    if isFull {
      giveBack()
      storage = target
    }
    start = 0
    end = unused
  }

  private func giveBack() { if storage.count > 0 { BufferPool.put(storage) } }
}

extension UnsafeMutableRawPointer {
  /// `copyMemory`, which allows the regions to overlap, under a name that says so.
  fileprivate func copyMemoryOverlapping(from source: UnsafeMutableRawPointer, byteCount: Int) {
    copyMemory(from: source, byteCount: byteCount)
  }
}
