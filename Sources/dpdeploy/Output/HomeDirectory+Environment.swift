import ControlAPI
import Platform

extension HomeDirectory {
  /// The home directory that this process's environment names.
  static func ofEnvironment() throws(ControlError) -> HomeDirectory {
    guard let home = HomeDirectory(environment: { Environment[$0] }) else {
      throw ControlError(code: "no-home", message: "neither DPDEPLOY_HOME nor HOME is set", exitCode: 2)
    }
    return home
  }
}
