import ControlAPI
import ControlClient
import Diagnosis
import Manifest
import Platform

// A hint's change: what it would do, and doing it.
extension ConsoleSession {
  func propose(_ fix: HintFix, _ path: String, _ application: String) async {
    do throws(ControlError) {
      take(.fixProposed(.success(try await proposal(fix, path, application))))
    } catch {
      take(.fixProposed(.failure(error)))
    }
  }

  private func proposal(
    _ fix: HintFix, _ path: String, _ application: String
  ) async throws(ControlError) -> FixProposal {
    let before = try text(of: path)
    let source = ManifestSource(name: path, text: before)
    let edited: ManifestSource
    do throws(ManifestEditError) { edited = try fix.carriedOut(in: source) } catch {
      throw ControlError(code: "not-changed", message: "\(path): \(error)")
    }
    let plan = try await ControlClient(home: options.home).plan(request(edited.text, path))
    guard plan.application == application else {
      throw ControlError(code: "not-changed", message: "\(path) describes \(plan.application) now")
    }
    return FixProposal(
      fix: fix, application: application, path: path, before: before, after: edited.text,
      lines: source.lineChanges(to: edited), plan: plan)
  }

  /// Writes the change, unless the file has become another since it was shown, and applies it.
  func apply(_ proposal: FixProposal) async {
    do throws(ControlError) {
      guard try text(of: proposal.path) == proposal.before else {
        throw ControlError(
          code: "not-changed", message: "\(proposal.path) has changed meanwhile; nothing was written")
      }
      do throws(SystemError) { try FileReplacement.replace(proposal.path, with: proposal.after) } catch {
        throw ControlError(code: "not-changed", message: "\(error)")
      }
    } catch {
      return take(.failed(error.message))
    }
    await apply(proposal.path)
  }

  private func text(of path: String) throws(ControlError) -> String {
    do throws(FileProblem) { return try TextFile.read(path).get() } catch {
      throw ControlError(code: "not-read", message: "\(path) cannot be read: \(error.text)")
    }
  }
}
