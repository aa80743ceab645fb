import CommandLine
import Engine

extension CommandDescription {
  /// The engine's options in the form that manual pages are written from.
  static var engine: CommandDescription {
    CommandDescription(
      "dpengine", "One rank of a data-parallel group, speaking vLLM's HTTP API.",
      discussion: EngineHelp.exits.split(separator: "\n").joined(separator: " "),
      options: EngineHelp.options.map(option))
  }

  private static func option(_ option: (name: String, value: String, meaning: String)) -> OptionDescription {
    let name = String(option.name.drop { $0 == "-" })
    let summary = option.meaning.prefix(1).uppercased() + option.meaning.dropFirst() + "."
    if name.hasPrefix("[no-]") { return OptionDescription(String(name.dropFirst(5)), .toggle, summary) }
    return OptionDescription(name, option.value.isEmpty ? .flag : .value(option.value), summary)
  }
}
