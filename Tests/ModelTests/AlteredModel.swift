import Glibc
import Model
import Tensors

/// A copy of a toy model's folder with some files replaced.
final class AlteredModel {
  let path: String

  init(
    _ toy: Toy = .deepseekV3, config: String? = nil, weights: [UInt8]? = nil, without: Set<String> = [],
    truncatedTo bytes: Int? = nil
  ) throws {
    var template = Array("/tmp/dpdeploy-model-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TensorsError.unreadable(file: "/tmp", reason: "mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    for name in ["config.json", "model.safetensors"] where !without.contains(name) {
      var content = try contents(toy.folder + "/" + name)
      if name == "config.json", let config { content = Array(config.utf8) }
      if name == "model.safetensors", let weights { content = weights }
      if name == "model.safetensors", let bytes { content = Array(content.prefix(bytes)) }
      let file = open(path + "/" + name, O_WRONLY | O_CREAT, 0o600)
      defer { close(file) }
      guard write(file, content, content.count) == content.count else {
        throw TensorsError.unreadable(file: name, reason: "write")
      }
    }
  }

  deinit {
    unlink(path + "/config.json")
    unlink(path + "/model.safetensors")
    rmdir(path)
  }

  /// What opening the folder says, its path left out.
  var complaint: String {
    do {
      _ = try LanguageModel(folder: path, maxBatchTokens: 8)
      return "opened"
    } catch {
      return error.description.split(separator: path, omittingEmptySubsequences: false)
        .joined(separator: "DIR")
    }
  }
}

extension Toy {
  /// The model's config.json with a part that occurs once replaced.
  func config(replacing old: String, with new: String) throws -> String {
    let text = String(decoding: try contents(folder + "/config.json"), as: UTF8.self)
    let parts = text.split(separator: old, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw TensorsError.unreadable(file: folder, reason: "\(old) occurs once") }
    return parts.joined(separator: new)
  }
}
