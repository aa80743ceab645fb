import Manifest

/// Puts a command line together, remark by remark.
struct ServeComposer {
  let manifest: Manifest
  let version: VLLMVersion
  private(set) var remarks: [Diagnostic] = []
  private var arguments: [String] = []
  private var environment: [String] = []
  private var backend: (word: String, span: SourceSpan?)?
  private var devices: [String]?

  init(_ manifest: Manifest, _ version: VLLMVersion) {
    self.manifest = manifest
    self.version = version
  }

  var command: ServeCommand {
    ServeCommand(
      arguments: arguments, environment: environment, devicesPerRank: manifest.devicesPerRank,
      devices: devices)
  }

  mutating func compose(model: String) {
    guard version >= .oldestSupported else {
      return report(
        .doesNotFit, "vLLM \(version) is too old: ranks need \(VLLMVersion.oldestSupported) or newer",
        FieldPath.executable, severity: .error, help: "install a newer vLLM, or name another in `executable`")
    }
    arguments = ["serve", model, "--served-model-name", manifest.model.id]
    arguments += ["--max-num-seqs", "\(manifest.engineArguments.maxNumSeqs)"]
    if let tokenizer = manifest.vllm?.tokenizer { arguments += ["--tokenizer", tokenizer] }
    checkBalancing()
    translateVariables()
    addArguments()
    addBackend()
    addExtras()
  }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, _ path: String, at span: SourceSpan? = nil,
    severity: Diagnostic.Severity? = nil, note: String? = nil, help: String? = nil
  ) {
    remarks.append(
      Diagnostic(
        code, message, span: span ?? manifest.settings.span(of: path), note: note, help: help,
        severity: severity))
  }

  /// One server cannot have engines on several nodes.
  private mutating func checkBalancing() {
    let layout = manifest.parallelism
    guard manifest.vllm?.balancing == .internal, layout.sizePerNode < layout.size else { return }
    report(
      .conflict,
      "mode `internal` is one `vllm serve` for a group, and \(layout.sizePerNode) of its \(layout.size) engines are to be on a node",
      FieldPath.balancing, severity: .error,
      help: "write `hybrid`, or set `dp_size_per_node` to \(layout.size)")
  }
}

// Arguments.
extension ServeComposer {
  private mutating func addArguments() {
    var objects: [String] = []
    for entry in manifest.vllm?.arguments ?? [] {
      let keys = entry.path.dropFirst(FieldPath.engineArguments.count + 1).split(separator: ".").map(
        String.init)
      if keys.count > 1 {
        if !objects.contains(keys[0]) { objects.append(keys[0]) }
      } else if keys[0] == "all2all_backend" {
        backend = (entry.value.word, entry.span)
      } else if keys[0] == "hf_token" {
        // The command line of a process is everybody's to read.
        environment.append("HF_TOKEN=\(entry.value.word)")
      } else if keys[0] == "api_key" {
        report(
          .noEffect, "`api_key` has no effect here: ranks listen on private sockets", entry.path,
          help: "use `ingress.api_keys_file`")
      } else {
        add(keys[0], entry.value, path: entry.path)
      }
    }
    for name in objects { addObject(name) }
  }

  /// Fields below one argument are one JSON object on the command line.
  private mutating func addObject(_ name: String) {
    let path = "\(FieldPath.engineArguments).\(name)"
    let members = (manifest.vllm?.arguments ?? []).filter { $0.path.hasPrefix(path + ".") }.map {
      Value.Member(String($0.path.dropFirst(path.count + 1)), $0.value)
    }
    add(name, .map(members), path: members.first.map { "\(path).\($0.key)" } ?? path)
  }

  private mutating func add(_ argument: String, _ value: Value, path: String) {
    let name = String(argument.map { $0 == "_" ? "-" : $0 })
    guard isPresent(name, path), let flag = FlagTable.flags[name] else { return }
    switch (flag.kind, value) {
    case (.boolean, .boolean(let isOn)): arguments.append(isOn ? "--\(name)" : "--no-\(name)")
    case (.toggle, .boolean(let isOn)): if isOn { arguments.append("--\(name)") }
    case (.boolean, _), (.toggle, _):
      report(.wrongType, "`\(argument)` must be `true` or `false`", path)
    case (.humanInteger, .null): arguments += ["--\(name)", "auto"]
    case (_, .null): break
    case (.integer, .text), (.integer, .boolean), (.number, .text), (.number, .boolean):
      report(.wrongType, "`\(argument)` must be a number, found `\(value.word)`", path)
    case (.integer, .number(let number)) where Int(exactly: number) == nil:
      report(.wrongType, "`\(argument)` must be a whole number, found `\(value.word)`", path)
    case (.choice(let words), _) where !words.contains(value.word):
      report(
        .badValue, "`\(argument)` cannot be `\(value.word)` for vLLM \(version)", path,
        help: Suggestion.sentence(for: value.word, among: words)
          ?? "write " + words.map { "`\($0)`" }.joined(separator: ", "))
    case (.text, .list(let items)): arguments += ["--\(name)"] + items.map(\.word)
    default: arguments += ["--\(name)", value.word]
    }
  }

  /// Whether a flag is one of this release; if not, that is said.
  private mutating func isPresent(_ name: String, _ path: String, at span: SourceSpan? = nil) -> Bool {
    switch FlagTable.presence(of: name, in: version) {
    case .present: return true
    case .since(let first):
      report(
        .unknownKey, "vLLM \(version) has no `--\(name)`: it came with \(first)", path, at: span,
        help: "remove it, or install vLLM \(first) or newer")
    case .removed(let by, let instead):
      report(
        .noEffect, "`--\(name)` is left out: vLLM \(by) removed it", path, at: span, note: instead,
        help: "remove it")
    case .unknown:
      report(
        .unknownKey, "vLLM \(version) has no flag `--\(name)`", path, at: span,
        help: FlagTable.suggestion(for: name))
    }
    return false
  }

  private mutating func addBackend() {
    guard let backend else { return }
    let words = AllToAll.words(in: version)
    let path = "\(FieldPath.engineArguments).all2all_backend"
    if words.contains(backend.word) {
      arguments += ["--all2all-backend", backend.word]
    } else if let heir = AllToAll.successor(of: backend.word, in: version) {
      report(
        .noEffect, "vLLM \(version) has no all-to-all backend `\(backend.word)`: `\(heir)` is used", path,
        at: backend.span, help: "write `\(heir)`")
      arguments += ["--all2all-backend", heir]
    } else {
      report(
        .badValue, "vLLM \(version) has no all-to-all backend `\(backend.word)`", path, at: backend.span,
        help: Suggestion.sentence(for: backend.word, among: words)
          ?? "write " + words.map { "`\($0)`" }.joined(separator: ", "))
    }
  }

  /// Flags that only the controller may give.
  private static func isOurs(_ name: String) -> Bool {
    name.hasPrefix("data-parallel-")
      || [
        "host", "port", "uds", "model", "served-model-name", "headless", "api-server-count", "api-key",
        "config",
      ]
      .contains(name)
  }

  private mutating func addExtras() {
    for word in manifest.vllm?.extraArguments ?? [] {
      if word.hasPrefix("--") || FlagTable.flag(saidBy: word) != nil {
        guard let (flag, _) = FlagTable.flag(saidBy: word) else {
          let name = String(word.dropFirst(2).prefix { $0 != "=" })
          _ = isPresent(name, FieldPath.extraArguments)
          continue
        }
        guard !Self.isOurs(flag.name) else {
          report(.conflict, "`--\(flag.name)` is the controller's to give", FieldPath.extraArguments)
          continue
        }
        guard isPresent(flag.name, FieldPath.extraArguments) else { continue }
      }
      arguments.append(word)
    }
  }
}

// Variables.
extension ServeComposer {
  private static let deviceVariable = "CUDA_VISIBLE_DEVICES"

  private mutating func translateVariables() {
    for variable in manifest.environment {
      let path = "\(FieldPath.variables).\(variable.name)"
      if variable.name == Self.deviceVariable {
        devices = variable.value.split(separator: ",").map { $0.trimmed }
      } else if variable.name == "VLLM_ALL2ALL_BACKEND", version >= VLLMVersion(0, 14) {
        move(variable, to: "all2all-backend", path)
        backend = (variable.value, manifest.settings.span(of: path))
      } else if variable.name == "VLLM_ATTENTION_BACKEND", version >= VLLMVersion(0, 16) {
        move(variable, to: "attention-backend", path)
        arguments += ["--attention-backend", variable.value]
      } else if isRead(variable, path) {
        environment.append("\(variable.name)=\(variable.value)")
      }
    }
  }

  private mutating func move(_ variable: EnvironmentVariable, to flag: String, _ path: String) {
    report(
      .noEffect, "`\(variable.name)` is passed as `--\(flag)`: vLLM \(version) reads no such variable", path,
      help: "write `\(flag.map { $0 == "-" ? "_" : String($0) }.joined())` under `engine_kwargs`")
  }

  /// Whether this release reads a variable; one that is not vLLM's is always passed on.
  private mutating func isRead(_ variable: EnvironmentVariable, _ path: String) -> Bool {
    guard variable.name.hasPrefix("VLLM_") else { return true }
    switch VLLMVariables.standing(of: variable.name) {
    case .current: return true
    case .gone(let last, let goneBy):
      guard let gone = VLLMVersion(goneBy), version >= gone else { return true }
      report(
        .unknownVariable,
        "`\(variable.name)` is left out: vLLM \(last) reads it, \(goneBy) no longer does", path,
        help: "remove it")
      return false
    case .unknown:
      report(
        .unknownVariable,
        "no release of vLLM up to \(VLLMVariables.newestRelease) reads `\(variable.name)`; it is passed on",
        path,
        help: Suggestion.sentence(for: variable.name, among: VLLMVariables.allNames))
      return true
    }
  }
}

extension Value {
  /// The value as a word of a command line: text as it is, all else as JSON.
  var word: String { if case .text(let text) = self { text } else { json() } }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
