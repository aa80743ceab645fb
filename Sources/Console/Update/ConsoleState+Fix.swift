import ControlAPI
import Diagnosis
import Manifest

// The change that a hint proposes, from the key to the question.
extension ConsoleState {
  /// Asks what the chosen hint's change would do.
  mutating func askFix() -> [ConsoleEffect] {
    guard mayChange() else { return [] }
    guard let application, let hint = chosenHint else {
      say("there is no hint to follow", .warning)
      return []
    }
    guard let fix = HintFix(hint) else {
      say("\(hint.id) proposes no change of the manifest: \(hint.advice)", .warning)
      return []
    }
    guard let path = application.manifestPath else {
      let words = fix.edits.map { "\($0.path): \($0.value)" }.joined(separator: ", ")
      say("\(application.name) was applied from a pipe; set \(words) in its manifest", .warning)
      return []
    }
    underway = "reading \(path)"
    return [.proposeFix(fix, path: path, application: application.name)]
  }

  mutating func take(_ answer: Result<FixProposal, ControlError>) {
    underway = nil
    switch answer {
    case .failure(let error): say(error.message, .error)
    case .success(let proposal):
      // Somebody who has gone on meanwhile is not interrupted.
      guard screen == .hints, prompt == nil else { return }
      ask(.fix(proposal))
    }
  }
}
