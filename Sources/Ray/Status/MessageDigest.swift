/// The line of a Python traceback that says what went wrong.
public enum MessageDigest {
  /// The last line of `message` that is no frame of a traceback; all of it when that is one line.
  ///
  /// Ray's messages hold whole tracebacks, of which the exception is the last line.
  public static func line(of message: String) -> String {
    let lines = message.split(separator: "\n").map(String.init)
    guard lines.count > 1, message.contains("Traceback") || message.contains("File \"") else {
      return lines.joined(separator: " ")
    }
    let told = lines.last { line in
      !line.hasPrefix(" ") && !line.hasPrefix("The above exception") && line.contains(":")
    }
    return told ?? lines[0]
  }
}
