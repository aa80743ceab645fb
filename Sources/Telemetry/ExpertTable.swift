import Glibc

/// The words before the counts of an expert table.
private enum ExpertTableHeader {
  /// `DPEXPRT` and a byte that is no text.
  static let magic: UInt64 = 0x5452_5058_4550_4401
  static let words = 8
  static let mostLayers = 1024
  static let mostExperts = 65_536
}

/// Rows computed by each expert of each layer, as a rank shows them beside its stats page: written by it alone.
public final class ExpertTableWriter: Sendable {
  /// Layers with experts.
  public let layers: Int
  /// Experts of a layer.
  public let experts: Int
  private let mapping: StatsMapping

  /// Makes a fresh table at `path`, mode 0600, in place of an older one.
  public init(path: String, layers: Int, experts: Int) throws(StatsPageError) {
    self.layers = layers
    self.experts = experts
    let byteCount = (ExpertTableHeader.words + layers * experts) * 8
    let temporary = "\(path).\(getpid())"
    let fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw .system("open", temporary) }
    defer { close(fd) }
    let reserved = posix_fallocate(fd, 0, off_t(byteCount))
    guard reserved == 0 else {
      unlink(temporary)
      throw .system("posix_fallocate", path, reserved)
    }
    mapping = try StatsMapping(fd, byteCount: byteCount, writable: true, path: path)
    mapping.store(UInt64(layers), 1)
    mapping.store(UInt64(experts), 2)
    mapping.store(ExpertTableHeader.magic, 0)
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw .system("rename", path, code)
    }
  }

  /// Shows how many rows an expert has computed so far.
  public func set(_ rows: UInt64, layer: Int, expert: Int) {
    precondition((0..<layers).contains(layer) && (0..<experts).contains(expert), "no such expert")
    mapping.store(rows, ExpertTableHeader.words + layer * experts + expert)
  }
}

/// The reading side of an expert table.
public final class ExpertTableReader: Sendable {
  /// Layers with experts.
  public let layers: Int
  /// Experts of a layer.
  public let experts: Int
  private let mapping: StatsMapping

  /// Maps the table at `path`.
  ///
  /// - Throws: when there is none (yet), or what is there is no whole table.
  public init(path: String) throws(StatsPageError) {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw .system("open", path) }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw .system("fstat", path) }
    guard status.st_size >= ExpertTableHeader.words * 8 else {
      throw StatsPageError(path: path, problem: "too short for an expert table (\(status.st_size) bytes)")
    }
    mapping = try StatsMapping(fd, byteCount: Int(status.st_size), writable: false, path: path)
    let (layers, experts) = (mapping.load(1), mapping.load(2))
    guard mapping.load(0) == ExpertTableHeader.magic, layers <= ExpertTableHeader.mostLayers,
      experts <= ExpertTableHeader.mostExperts
    else { throw StatsPageError(path: path, problem: "not an expert table") }
    (self.layers, self.experts) = (Int(layers), Int(experts))
    let needed = (ExpertTableHeader.words + self.layers * self.experts) * 8
    guard status.st_size >= needed else {
      throw StatsPageError(path: path, problem: "truncated to \(status.st_size) of \(needed) bytes")
    }
  }

  /// The rows of every expert, layer by layer.
  public func rows() -> [UInt64] {
    (0..<layers * experts).map { mapping.load(ExpertTableHeader.words + $0) }
  }
}
