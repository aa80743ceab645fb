/// The kind of a diagnostic: a stable word that scripts may match.
public struct DiagnosticCode: Sendable, Hashable, CustomStringConvertible {
  /// The word itself, such as `unknown-key`.
  public let description: String
  /// The severity a diagnostic of this kind has unless it says otherwise.
  public let severity: Diagnostic.Severity
  /// What such a diagnostic says, in a sentence.
  public let meaning: String
  /// What usually mends it.
  public let cure: String

  private init(
    _ description: String, _ meaning: String, severity: Diagnostic.Severity = .error, cure: String
  ) {
    self.description = description
    self.severity = severity
    self.meaning = meaning
    self.cure = cure
  }

  // MARK: The file

  /// The file cannot be opened or read.
  public static let unreadable = DiagnosticCode(
    "unreadable", "The file cannot be opened or read.",
    cure: "Check the path and its permissions; `-` reads standard input.")
  /// The model's folder is not on this machine.
  public static let modelNotFound = DiagnosticCode(
    "model-not-found", "The model's folder is not on this machine.",
    cure:
      "Name a folder with config.json, safetensors and tokenizer.json in model_source; paths are taken from the manifest's folder."
  )
  /// The folder of adapters is not on this machine.
  public static let adaptersNotFound = DiagnosticCode(
    "adapters-not-found", "The folder of adapters is not on this machine.",
    cure:
      "Name a folder of adapters in dynamic_lora_loading_path; paths are taken from the manifest's folder.")

  /// The engine is not installed on this machine.
  public static let engineNotFound = DiagnosticCode(
    "engine-not-found", "The engine is not installed on this machine.",
    cure:
      "Install vLLM, or name its program in engine_options.executable; `dpdeploy doctor` looks where apply would."
  )

  // MARK: The text

  /// The bytes are not UTF-8.
  public static let notUTF8 = DiagnosticCode(
    "not-utf8", "The bytes are not UTF-8.",
    cure: "Save the file as UTF-8.")
  /// The text is not YAML.
  public static let syntax = DiagnosticCode(
    "yaml-syntax", "The text is not YAML.",
    cure: "Mend the line; what YAML expected there is in the message.")
  /// A tab was used to indent.
  public static let tab = DiagnosticCode(
    "yaml-tab", "A tab was used to indent.",
    cure: "Indent with spaces: YAML forbids tabs there.")
  /// There is nothing in the file.
  public static let empty = DiagnosticCode(
    "empty-manifest", "There is nothing in the file.",
    cure: "`dpdeploy init` writes a manifest to begin with.")
  /// The file holds more than one document.
  public static let severalDocuments = DiagnosticCode(
    "several-documents", "The file holds more than one document.",
    cure: "Give each document a file of its own.")
  /// The file is too long, too deep or expands too far.
  public static let tooLarge = DiagnosticCode(
    "too-large", "The file is too long, too deep or expands too far.",
    cure:
      "Write out what aliases repeat, or split the file: the limits keep a small file from filling the memory."
  )
  /// A key occurs twice in one mapping.
  public static let duplicateKey = DiagnosticCode(
    "duplicate-key", "A key occurs twice in one mapping.",
    cure: "Keep one of them: YAML readers disagree about which would count.")
  /// An alias names no anchor, or one that contains it.
  public static let badAlias = DiagnosticCode(
    "bad-alias", "An alias names no anchor, or one that contains it.",
    cure: "Define the anchor (`&name`) before the alias (`*name`), and not around it.")
  /// A scalar means different things to different YAML readers.
  public static let ambiguousScalar = DiagnosticCode(
    "ambiguous-scalar", "A scalar means different things to different YAML readers.",
    severity: .warning,
    cure: "Quote it if it is text, or write it in the form that the message names.")

  // MARK: The fields

  /// A key the schema does not know.
  public static let unknownKey = DiagnosticCode(
    "unknown-key", "A key the schema does not know.",
    cure: "Correct the spelling, or remove it; `dpdeploy explain` lists the fields of a section.")
  /// A key was written in another tool's spelling.
  public static let spelling = DiagnosticCode(
    "spelling", "A key was written in another tool's spelling.",
    severity: .warning,
    cure: "Write the name that the message proposes; both are read today.")
  /// A field that must be there is missing.
  public static let missingField = DiagnosticCode(
    "missing-field", "A field that must be there is missing.",
    cure: "Add it; `dpdeploy explain FIELD` says what it takes.")
  /// A value of the wrong type.
  public static let wrongType = DiagnosticCode(
    "wrong-type", "A value of the wrong type.",
    cure: "Write a value of the type that the message names; quotes make text of a number.")
  /// A value of the right type that is not allowed.
  public static let badValue = DiagnosticCode(
    "bad-value", "A value of the right type that is not allowed.",
    cure: "Choose one of the values, or one within the range, that the message names.")
  /// Two fields that exclude each other.
  public static let conflict = DiagnosticCode(
    "conflict", "Two fields that exclude each other.",
    cure: "Remove one of the two.")

  // MARK: The meaning

  /// Ranks do not divide over nodes.
  public static let unevenNodes = DiagnosticCode(
    "uneven-nodes", "Ranks do not divide over nodes.",
    cure: "Choose a dp_size_per_node that divides data_parallel_size.")
  /// The deployment needs more than the cluster has.
  public static let doesNotFit = DiagnosticCode(
    "does-not-fit", "The deployment needs more than the cluster has.",
    cure: "Ask for less, or give more: the message has need and have; `dpdeploy capacity` computes both.")
  /// A reserved word of a later version that cannot be ignored.
  public static let notYet = DiagnosticCode(
    "not-yet", "A reserved word of a later version that cannot be ignored.",
    cure: "Remove it: this release would not do what it says.")
  /// A field that is accepted but does nothing yet.
  public static let notInEffect = DiagnosticCode(
    "not-in-effect", "A field that is accepted but does nothing yet.",
    severity: .warning,
    cure: "Nothing need be done; the field does nothing in this release.")
  /// A field or variable that has no effect on the chosen engine.
  public static let noEffect = DiagnosticCode(
    "no-effect", "A field or variable that has no effect on the chosen engine.",
    severity: .warning,
    cure: "Remove it, or choose an engine that reads it; `dpdeploy explain FIELD` says which do.")
  /// A setting that another system's form of the deployment has no place for.
  public static let notCarried = DiagnosticCode(
    "not-carried", "A setting that another system's form of the deployment has no place for.",
    severity: .warning,
    cure: "Set it by hand in what was written, where the other system has something like it.")
  /// Autoscaling that can never change a number.
  public static let scalesNothing = DiagnosticCode(
    "scales-nothing", "Autoscaling that can never change a number.",
    severity: .warning,
    cure: "Set max_replicas above min_replicas, or give a fixed num_replicas instead.")
  /// Data parallelism over a model without experts: ranks step together and share nothing.
  public static let sharesNothing = DiagnosticCode(
    "shares-nothing", "Data parallelism over a model without experts: ranks step together and share nothing.",
    severity: .warning,
    cure:
      "Run independent replicas (num_replicas) of a data_parallel_size of 1: a dense model gains nothing from stepping together."
  )
  /// A variable that no version of vLLM known here has, or that left it.
  public static let unknownVariable = DiagnosticCode(
    "unknown-variable", "A variable that no version of vLLM known here has, or that left it.",
    severity: .warning,
    cure: "Remove it, or correct the spelling.")
  /// A switch that makes the served text useless or slow.
  public static let benchmarkOnly = DiagnosticCode(
    "benchmark-only", "A switch that makes the served text useless or slow.",
    severity: .warning,
    cure: "Remove it before real users come.")
  /// A setting that is legal and almost never wanted.
  public static let questionable = DiagnosticCode(
    "questionable", "A setting that is legal and almost never wanted.",
    severity: .warning,
    cure: "Change it, unless you mean it.")
  /// A setting that means something else in the system it was copied from.
  public static let differs = DiagnosticCode(
    "differs-elsewhere", "A setting that means something else in the system it was copied from.",
    severity: .note,
    cure: "Nothing need be done; know it when you move the manifest.")

  /// All kinds there are.
  public static let all: [DiagnosticCode] = [
    .unreadable, .modelNotFound, .adaptersNotFound, .engineNotFound, .notUTF8, .syntax, .tab, .empty,
    .severalDocuments, .tooLarge, .duplicateKey, .badAlias, .ambiguousScalar, .unknownKey, .spelling,
    .missingField, .wrongType, .badValue, .conflict, .unevenNodes, .doesNotFit, .notYet, .notInEffect,
    .noEffect, .notCarried, .scalesNothing, .sharesNothing, .unknownVariable, .benchmarkOnly, .questionable,
    .differs,
  ]
}
