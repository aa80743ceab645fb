import CommandLine
import Glibc

extension StandardStreams {
  /// Asks a person for the word that says yes; throws where nobody can be asked.
  func confirm(_ question: String, by word: String) throws(UsageError) -> Bool {
    guard isatty(0) == 1 else { throw UsageError("nobody can be asked here", help: "add --yes") }
    error("\(question) Type \(word): ")
    guard readLine() == word else {
      remark("nothing was done")
      return false
    }
    return true
  }
}
