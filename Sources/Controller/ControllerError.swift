/// Why a controller cannot begin.
public enum ControllerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The home directory cannot be used.
  case home(String)
  /// Another controller runs there.
  case locked(pid: Int32?, home: String)
  /// The state database cannot be used.
  case store(StoreError)
  /// The API's socket cannot be opened.
  case socket(String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .home(let reason): reason
    case .locked(let pid, let home):
      "another controller\(pid.map { " (pid \($0))" } ?? "") runs in \(home); `dpdeploy daemon status` asks it"
    case .store(let error): "the state cannot be read: \(error)"
    case .socket(let reason): reason
    }
  }
}
