import Platform

/// What was recorded in a file of the folder `Samples`.
func sample(_ name: String) throws -> [UInt8] {
  let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  return try FileContent.bytes(of: folder + "/Samples/" + name)
}
