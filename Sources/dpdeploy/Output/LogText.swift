import CommandLine
import ControlAPI

/// Log lines for people: each replica's name in a colour of its own.
struct LogText {
  let style: Style
  /// Whether to say whose a line is.
  let namesReplicas: Bool

  /// One line of the stream.
  func line(_ line: LogLine) -> String {
    namesReplicas ? "\(name(line.replica)) \(line.text)" : line.text
  }

  /// The same replica has the same colour in every run, and its neighbours have others.
  private func name(_ replica: String) -> String {
    let digits = replica.utf8.reversed().prefix { (48...57).contains($0) }.reversed()
    let number = Int(String(decoding: digits, as: UTF8.self)) ?? 0
    let colours = [style.cyan, style.green, style.yellow, style.blue]
    return replica.hasPrefix("ingress") ? style.dim(replica) : colours[number % colours.count](replica)
  }
}
