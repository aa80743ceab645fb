public import ControlAPI
public import Diagnosis
public import Terminal

/// What happens to the console.
public enum ConsoleEvent: Sendable {
  /// The user did something.
  case input(InputEvent)
  /// Time went on.
  case tick
  /// The window has another size.
  case resized(width: Int, height: Int)
  /// The controller answered.
  case snapshot(Snapshot)
  /// This machine was looked at, as no controller tells of it.
  case machines([MachineStatus])
  /// The controller did not answer.
  case lost(ControlError)
  /// Manifests were read (again).
  case manifests([ManifestEntry])
  /// A manifest is being carried out.
  case applied(ApplyResult)
  /// What an apply of a text would do.
  case planned(text: String, Result<PlanResult, ControlError>)
  /// What a hint's change would do to the manifest and to what runs; the failure says why nothing can be proposed.
  case fixProposed(Result<FixProposal, ControlError>)
  /// The revisions of an application.
  case revisions(application: String, Result<RevisionList, ControlError>)
  /// A look into an application.
  case insight(application: String, Result<Insight, ControlError>)
  /// Log lines.
  case logs(LogPage)
  /// The logs could not be read.
  case logsFailed(ControlError)
  /// The controller has agreed to something else that was asked for.
  case begun(Undertaking.Action, application: String)
  /// Something that was asked for failed.
  case failed(String)
}

/// What the console wants done.
public enum ConsoleEffect: Sendable, Hashable {
  /// End.
  case quit
  /// Carry a manifest out.
  case apply(path: String)
  /// Find out what a hint's change would do to a manifest's file and to what runs.
  case proposeFix(HintFix, path: String, application: String)
  /// Write a hint's change into the manifest's file, and carry that out.
  case applyFix(FixProposal)
  /// End an application.
  case delete(application: String)
  /// Start a replica again.
  case restart(replica: String, application: String)
  /// Read the manifests again.
  case readManifests
  /// Ask what an apply of a file's text would do.
  case plan(path: String, text: String)
  /// Ask for the revisions of an application.
  case readRevisions(application: String)
  /// Look into an application.
  case lookInto(application: String)
  /// Carry an earlier revision out again.
  case rollBack(application: String, to: Int)
  /// Read the log lines after `cursor`.
  case readLogs(application: String, replica: String?, cursor: String?)
  /// Write a text to a file of this name in the current folder.
  case save(name: String, text: String)
  /// Draw everything anew.
  case repaint
  /// Stop until the shell continues us.
  case suspend
  /// Have the mouse reported, or not.
  case setMouse(Bool)
  /// Take the next theme.
  case nextTheme
  /// Take the theme of a name.
  case setTheme(String)
  /// Keep requests away from a replica, or let them at it again.
  case cordon(CordonRequest, application: String)
  /// Run other numbers of replicas.
  case scale(ScaleRequest, application: String)
  /// Write the screen to files.
  case snapshot
  /// Begin to record to a file, or stop.
  case toggleRecording(path: String?)
  /// Put a text on the terminal's clipboard.
  case copy(String)
  /// Tell somebody who does not look.
  case alert(Alert)
}
