import ControlAPI
import Platform
import Terminal

// What the console writes and reads beside its terminal.
extension ConsoleSession {
  /// Writes the screen as text, with colours and as a picture, beside each other.
  func saveScreen() {
    let frame = ConsoleRenderer.render(state, theme: theme, glyphs: glyphs)
    let stem = "dptop-\(state.screen.rawValue)-\(Int(state.shownNow))"
    let files = [
      (stem + ".txt", frame.text + "\n"), (stem + ".ans", frame.ansi(depth: screen.depth)),
      (stem + ".svg", frame.svg(background: theme.text.background, foreground: theme.text.foreground)),
    ]
    for (name, text) in files {
      if let problem = TextFile.write(text, to: name) {
        return state.say("\(name) cannot be written: \(problem.text)", .error)
      }
    }
    state.say("saved as \(stem).txt, .ans and .svg", .info)
  }

  /// Puts a text on the terminal's clipboard, as far as the terminal allows that.
  func copy(_ text: String) {
    screen.copy(text)
    state.say("copied: " + text, .info)
  }

  /// Begins to record, or stops.
  func toggleRecording(_ path: String?) {
    if let recorder {
      recorder.close()
      self.recorder = nil
      state.recordingPath = nil
      return state.say("recorded to \(recorder.path)", .info)
    }
    let path = path ?? "dptop-\(Int(WallClock.secondsSinceEpoch)).jsonl"
    switch Recorder.open(path) {
    case .success(let recorder):
      self.recorder = recorder
      state.recordingPath = path
      state.say("recording to \(path)", .info)
    case .failure(let problem): state.say("\(path) cannot be written: \(problem.text)", .error)
    }
  }

  /// Reads the recording that is to be looked at.
  func loadReplay(_ path: String) {
    switch TextFile.read(path, largest: 1 << 30).flatMap(RecordingFile.read) {
    case .success(let lines): state.load(lines)
    case .failure(let problem): state.say("\(path): \(problem.text)", .error)
    }
  }
}
