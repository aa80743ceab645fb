import Glibc

/// Questions about files that need no reading of them.
enum FileProbe {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
