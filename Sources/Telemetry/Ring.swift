/// The last so many elements, oldest first; appending to a full ring drops the oldest.
public struct Ring<Element> {
  /// The most elements that are kept.
  public let capacity: Int
  private var storage: [Element] = []
  private var start = 0

  /// An empty ring for at least one element.
  public init(capacity: Int) {
    precondition(capacity > 0, "a ring needs room for one element")
    self.capacity = capacity
  }

  /// Appends `element`, in place of the oldest when the ring is full.
  public mutating func append(_ element: Element) {
    if storage.count < capacity {
      storage.append(element)
    } else {
      storage[start] = element
      start = start + 1 == capacity ? 0 : start + 1
    }
  }

  /// Forgets all elements.
  public mutating func removeAll() {
    storage.removeAll(keepingCapacity: true)
    start = 0
  }
}

extension Ring: RandomAccessCollection {
  /// Always zero.
  public var startIndex: Int { 0 }
  /// The number of elements.
  public var endIndex: Int { storage.count }

  /// The element at `position`, counted from the oldest.
  public subscript(position: Int) -> Element {
    precondition(indices.contains(position), "no element \(position) in a ring of \(count)")
    let index = start + position
    return storage[index < storage.count ? index : index - storage.count]
  }
}

extension Ring: Sendable where Element: Sendable {}
extension Ring: Equatable where Element: Equatable {
  /// Whether both hold the same elements in the same order.
  public static func == (lhs: Ring, rhs: Ring) -> Bool { lhs.elementsEqual(rhs) }
}
