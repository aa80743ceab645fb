import Manifest

/// The flags of `vllm serve`, by name, and in which releases they are there.
public enum FlagTable {
  /// Every flag of the newest release known, by name.
  public static let flags: [String: Flag] = Dictionary(
    uniqueKeysWithValues: release.split(separator: "\n").map { line in
      let flag = read(line)
      return (flag.name, flag)
    })

  private static let shortForms: [String: Flag] = flags.values.reduce(into: [:]) {
    if let short = $1.short { $0[short] = $1 }
  }

  /// Whether a flag can be used with a release.
  public enum Presence: Sendable, Equatable {
    /// It is there.
    case present
    /// It came with a later release.
    case since(VLLMVersion)
    /// It is in no release known from this one on; the text says what to do without it.
    case removed(by: VLLMVersion, String)
    /// No release known here has it.
    case unknown
  }

  /// Whether `name` (`max-num-seqs`) is a flag of `version`.
  public static func presence(of name: String, in version: VLLMVersion) -> Presence {
    if let removal = removals[name] {
      return version >= removal.by ? .removed(by: removal.by, removal.instead) : .present
    }
    guard flags[name] != nil else { return .unknown }
    if let first = arrivals[name], version < first { return .since(first) }
    return .present
  }

  /// The flag that a word of a command line means, and whether it says no: `--no-enable-dbo`, `-dp`, `--seed=1`.
  public static func flag(saidBy word: String) -> (flag: Flag, isNegated: Bool)? {
    if let short = shortForms[word] { return (short, false) }
    guard word.hasPrefix("--") else { return nil }
    let name = String(word.dropFirst(2).prefix { $0 != "=" }.map { $0 == "_" ? "-" : $0 })
    if let flag = flags[name] { return (flag, false) }
    guard name.hasPrefix("no-"), let flag = flags[String(name.dropFirst(3))], flag.kind == .boolean else {
      return nil
    }
    return (flag, true)
  }

  /// "did you mean `--enable-dbo`?"; nil when nothing is near.
  public static func suggestion(for name: String) -> String? {
    Suggestion.nearest(to: name, among: flags.keys.sorted()).map { "did you mean `--\($0)`?" }
  }

  private static func read(_ line: Substring) -> Flag {
    let words = line.split(separator: " ").map(String.init)
    return Flag(name: words[0], kind: kind(words[1]), short: words.count > 2 ? words[2] : nil)
  }

  private static func kind(_ word: String) -> Flag.Kind {
    switch word {
    case "switch": .toggle
    case "bool": .boolean
    case "int": .integer
    case "size": .humanInteger
    case "number": .number
    case "json": .json
    case let list where list.hasPrefix("("):
      .choice(list.dropFirst().dropLast().split(separator: "|").map(String.init))
    default: .text
    }
  }

  /// The first of the sampled releases that has a flag; flags that are not here are older than the oldest supported.
  private static let arrivals: [String: VLLMVersion] = [
    "data-parallel-multi-port-external-lb": VLLMVersion(0, 23),
    "data-parallel-supervisor-port": VLLMVersion(0, 23),
    "ubatch-size": VLLMVersion(0, 14), "max-num-queued-reqs": VLLMVersion(0, 29),
    "max-num-queued-tokens": VLLMVersion(0, 29), "shutdown-timeout": VLLMVersion(0, 18),
    "prefill-schedule-interval": VLLMVersion(0, 26), "dp-sync-interval": VLLMVersion(0, 32),
    "enable-elastic-ep": VLLMVersion(0, 18), "enable-fault-tolerance": VLLMVersion(0, 29),
    "moe-backend": VLLMVersion(0, 18), "attention-backend": VLLMVersion(0, 14),
    "fail-on-environ-validation": VLLMVersion(0, 18),
  ]

  private static let removals: [String: (by: VLLMVersion, instead: String)] = [
    "swap-space": (VLLMVersion(0, 18), "sequences are recomputed, never swapped")
  ]
}
