import FoundationEssentials
import JSON
import Planning

extension ModelShape {
  /// Reads the `config.json` in a model's folder.
  ///
  /// - Throws: What the file system, the reader of JSON or ``PlanningError`` has to say.
  init(folder: String) throws { try self.init(configFile: folder + "/config.json") }

  /// Reads a `config.json`; throws as ``init(folder:)`` does.
  init(configFile: String) throws {
    try self.init(config: JSONValue(parsing: Array(Data(contentsOf: URL(filePath: configFile)))))
  }
}
