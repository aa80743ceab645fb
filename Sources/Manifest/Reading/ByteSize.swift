/// Sizes in bytes, as people write them.
public enum ByteSize {
  private static let units: [(name: String, bytes: Int)] = [
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("KB", 1_000), ("MB", 1_000_000),
    ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
  ]

  /// Bytes of `512MiB`, `1.5 GB` or `1048576`; nil for anything else or more than fits.
  public static func parse(_ text: String) -> Int? {
    for unit in units where text.hasSuffix(unit.name) {
      let digits = text.dropLast(unit.name.count).reversed().drop { $0 == " " }.reversed()
      let number = String(digits)
      guard number.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let count = Double(number) else {
        continue
      }
      let bytes = count * Double(unit.bytes)
      return bytes < 0x1p62 ? Int(bytes.rounded()) : nil
    }
    return nil
  }
}
