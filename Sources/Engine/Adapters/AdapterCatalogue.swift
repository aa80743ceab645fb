import Glibc

/// Which adapters there are: those that were named, and those that lie in a folder for them.
struct AdapterCatalogue {
  private let base: String
  private let folder: String?
  private var named: [String: String]

  /// - Parameters:
  ///   - base: The base model's served name.
  ///   - named: Folders by adapter.
  ///   - folder: A folder in which each adapter has one of its name; nil when there is none.
  init(base: String, named: [String: String], folder: String?) {
    self.base = base
    self.named = named
    self.folder = folder
  }

  /// The adapter that a request's model means, by its own name or as `base:name`; nil when there is none.
  func source(of model: String) -> AdapterSource? {
    let prefix = base + ":"
    let name = model.hasPrefix(prefix) ? String(model.dropFirst(prefix.count)) : model
    if let path = named[name] { return AdapterSource(name: name, path: path, card: name) }
    // The name comes from a client: it must not lead out of the folder.
    guard let folder, !name.isEmpty, !name.contains("/"), !name.contains("\0"), !name.hasPrefix("."),
      FileProbe.exists(Self.settings(in: folder + "/" + name))
    else { return nil }
    return AdapterSource(name: name, path: folder + "/" + name, card: prefix + name)
  }

  /// All of them by name, as they are at the moment.
  var sources: [AdapterSource] {
    (named.keys.sorted() + found.filter { named[$0] == nil }).compactMap(source)
  }

  /// Names in the folder, sorted.
  private var found: [String] {
    guard let folder, let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix("."), FileProbe.exists(Self.settings(in: folder + "/" + name)) { names.append(name) }
    }
    return names.sorted()
  }

  /// Names an adapter.
  mutating func add(_ name: String, path: String) { named[name] = path }

  /// Forgets a name; false when nobody gave it.
  mutating func remove(_ name: String) -> Bool { named.removeValue(forKey: name) != nil }

  /// Whether somebody named it.
  func isNamed(_ name: String) -> Bool { named[name] != nil }

  /// The file that makes a folder an adapter.
  static func settings(in folder: String) -> String { folder + "/adapter_config.json" }
}
