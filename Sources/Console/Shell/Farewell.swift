import ControlAPI
import Terminal

/// What is said when the console ends: what goes on, how to come back, how to end it.
enum Farewell {
  static func say(_ state: ConsoleState, _ options: ConsoleOptions) {
    let lines = lines(state, options)
    guard !lines.isEmpty else { return }
    StandardOutput.write(lines.joined(separator: "\n") + "\n")
  }

  static func lines(_ state: ConsoleState, _ options: ConsoleOptions) -> [String] {
    let back = "  look again:  " + ([options.program] + options.manifests).joined(separator: " ")
    guard let name = state.applicationName, let application = state.world.application(name) else {
      return state.world.status?.applications.isEmpty == true ? ["nothing runs", back] : []
    }
    let folder = options.program.lastIndex(of: "/").map { options.program[...$0] } ?? ""
    let place = application.endpoint.value.map { " at " + $0 } ?? ""
    return [
      "\(name) goes on running\(place)", back, "  delete it:   \(folder)dpdeploy delete \(name)",
    ]
  }
}
