import ControlAPI
import Glibc
import Platform

/// What is to be known of a home directory before a controller lives there.
struct HomeFacts: Sendable, Equatable {
  /// Who is at the controller's socket.
  enum Socket: Sendable, Equatable {
    /// There is none.
    case none
    /// Somebody answers.
    case answered
    /// It is there, and nobody listens.
    case abandoned
  }

  /// The permissions of the folder; nil while there is none.
  var mode: UInt32?
  var socket: Socket

  /// What is in `home` now.
  static func of(_ home: HomeDirectory) -> HomeFacts {
    var status = stat()
    let mode = stat(home.path, &status) == 0 ? status.st_mode & 0o777 : nil
    let path = home.controllerSocket
    let isThere = access(path, F_OK) == 0
    return HomeFacts(
      mode: mode, socket: !isThere ? .none : Listener.isAbandoned(path) ? .abandoned : .answered)
  }
}
