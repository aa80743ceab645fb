import ControlAPI
import Deployment

extension ControlError {
  static func noSuch(_ name: String) -> ControlError {
    ControlError(code: "not-found", message: "there is no application \(name)", exitCode: 1)
  }

  static func doesNotFit(_ error: PlacementError) -> ControlError {
    ControlError(code: "does-not-fit", message: error.description, exitCode: 4)
  }
}
