import Glibc
import Platform

/// A change that mends what a check found, takes nothing from anybody and can be made again without harm.
enum Repair: Sendable, Equatable {
  /// Make a folder, for the user alone.
  case makeFolder(String)
  /// Let nobody else into a folder of ours.
  case closeFolder(String)
  /// Remove a socket that nobody listens on.
  case removeSocket(String)

  /// What it does, as an order.
  var description: String {
    switch self {
    case .makeFolder(let path): "make \(path), for you alone"
    case .closeFolder(let path): "let nobody but you into \(path) (chmod 700)"
    case .removeSocket(let path): "remove \(path), on which nobody listens"
    }
  }

  /// Does it; nil when it is done, else what hindered it.
  func carryOut() -> String? {
    let isDone =
      switch self {
      case .makeFolder(let path): Folder.make(path)
      case .closeFolder(let path): chmod(path, 0o700) == 0
      // A controller may have come since the look.
      case .removeSocket(let path): !Listener.isAbandoned(path) || unlink(path) == 0 || errno == ENOENT
      }
    return isDone ? nil : String(cString: strerror(errno))
  }
}
