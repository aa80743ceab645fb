import FoundationEssentials
import Glibc
import Platform
import Testing

/// A folder in which the real controller finds fakes in the place of engines.
@Loop
enum FakeTools {
  private static var made: String?

  static var folder: String {
    get throws {
      if let made { return made }
      let built = Executable.directory ?? "."
      let folder = built + "/fake-tools"
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // Programs look beside where the kernel says that they lie, so these are hard links.
      for name in ["dpdeploy", "dpdeployd"] {
        try #require(link("\(built)/\(name)", "\(folder)/\(name)") == 0, "\(name): \(errno)")
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/dpengine", withDestinationPath: built + "/dpfake")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/dpingress", withDestinationPath: built + "/dpingress")
      made = folder
      return folder
    }
  }
}
