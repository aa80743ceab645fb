import CommandLine

extension StandardStreams {
  /// Writes a line of remarks to standard error, so that standard output is data only.
  func remark(_ text: String) { error(text + "\n") }

  /// Writes an error to standard error.
  func complain(_ text: String) { remark(errorStyle.red("error") + ": " + text) }
}
