import Glibc
public import Manifest
import Platform

extension VLLMInstallation {
  /// The `vllm` that a manifest in `folder` would run here.
  public static func find(for manifest: Manifest, folder: String) throws(Fault) -> VLLMInstallation {
    try find(
      manifest.vllm?.executable ?? "vllm", folder: folder, searchPath: Environment["PATH"] ?? "",
      Eyes(isExecutable: { access($0, X_OK) == 0 }, entries: Folder.names, firstLine: firstLine))
  }

  private static func firstLine(of path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [CChar](repeating: 0, count: 256)
    guard fgets(&bytes, Int32(bytes.count), file) != nil else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
