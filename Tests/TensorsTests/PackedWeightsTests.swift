import Glibc
import Testing

@testable import Tensors

@Suite struct `Packed weights` {
  private let source: ScratchFolder
  private let cache: ScratchFolder

  init() throws {
    source = try ScratchFolder()
    cache = try ScratchFolder()
    try writeModel(first: 1)
  }

  /// A model of one tensor "a" `[32, 4]` whose first element is `first` and whose others are 2.
  private func writeModel(first: Float) throws {
    let values = [first] + [Float](repeating: 2, count: 127)
    try source.writeSafetensors(
      "model.safetensors", header: #"{"a":{"dtype":"F32","shape":[32,4],"data_offsets":[0,512]}}"#,
      data: values.withUnsafeBytes(Array.init))
  }

  private func open(cache path: String? = nil) throws -> (WeightFolder, PackedWeights) {
    try Self.open(source.path, cache: path ?? cache.path)
  }

  private static func open(_ source: String, cache: String) throws -> (WeightFolder, PackedWeights) {
    let folder = try WeightFolder(path: source)
    let list = PackingList(.bfloat16)
    folder.packing = .listing(list)
    _ = try folder.linear("a", rows: 32, columns: 4)
    let packed = try PackedWeights.open(list, sources: folder.paths, cache: cache)
    folder.packing = .packed(packed)
    return (folder, packed)
  }

  private func inode(_ path: String) -> ino_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_ino : 0
  }

  private func packedFiles() -> [String] {
    guard let folder = opendir(cache.path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix("."), !name.hasSuffix(".lock") { names.append(name) }
    }
    return names
  }

  /// The layer's outputs for the input `[1, 0, 0, 0]`, which are the first column of the weights.
  private func firstColumn(_ folder: WeightFolder) throws -> [Float] {
    let layer = try folder.linear("a", rows: 32, columns: 4)
    var x: [Float] = [1, 0, 0, 0]
    var y = [Float](repeating: .nan, count: 32)
    x.withUnsafeMutableBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        layer.product(Rows(x, stride: 4), count: 1, into: Rows(y, stride: 32))
      }
    }
    return y
  }

  @Test func `are written once and mapped by whoever comes later`() throws {
    let (folder, first) = try open()
    let (_, second) = try open()
    #expect(try firstColumn(folder) == [1] + [Float](repeating: 2, count: 31))
    #expect(first.path == second.path)
    #expect(packedFiles().map { cache.path + "/" + $0 } == [first.path])
    let inode = inode(first.path)
    _ = try open()
    #expect(self.inode(first.path) == inode)
  }

  @Test func `of a changed model take the place of the old`() throws {
    let (_, old) = try open()
    try writeModel(first: 3)
    // Another time stamp even on a file system that counts them coarsely.
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    utimensat(AT_FDCWD, source.path + "/model.safetensors", &times, 0)
    let (folder, new) = try open()
    #expect(try firstColumn(folder).first == 3)
    #expect(new.path != old.path)
    #expect(packedFiles().map { cache.path + "/" + $0 } == [new.path])
  }

  @Test(arguments: ["short", "header"])
  func `that are damaged are packed anew`(damage: String) throws {
    let (_, packed) = try open()
    if damage == "short" {
      truncate(packed.path, 4096)
    } else {
      let file = Glibc.open(packed.path, O_WRONLY)
      pwrite(file, "x", 1, 0)
      close(file)
    }
    let (folder, _) = try open()
    #expect(try firstColumn(folder) == [1] + [Float](repeating: 2, count: 31))
  }

  @Test func `need a folder that can be written`() throws {
    let error = #expect(throws: TensorsError.self) { try open(cache: "/proc/nowhere/packed") }
    #expect(error?.description == "/proc/nowhere: No such file or directory")
  }

  @Test func `say so and leave nothing behind when the disk is full`() async {
    // A limit on the size of files fails the reservation as a full disk does.
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let test = try `Packed weights`()
      var limit = rlimit(rlim_cur: 1024, rlim_max: 1024)
      guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
      do {
        _ = try test.open()
        exit(3)
      } catch { exit(test.packedFiles().isEmpty && "\(error)".contains("File too large") ? 0 : 4) }
    }
  }

  @Test func `are packed by one of many that start at once`() async throws {
    let (source, cache) = (source.path, cache.path)
    let paths = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<8 { group.addTask { try? Self.open(source, cache: cache).1.path } }
      return await group.reduce(into: Set<String>()) { paths, path in if let path { paths.insert(path) } }
    }
    #expect(paths.count == 1)
    #expect(packedFiles().count == 1)
  }
}
