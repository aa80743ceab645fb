/// The kind of a diagnostic: a stable word that scripts may match.
public struct DiagnosticCode: Sendable, Hashable, CustomStringConvertible {
  /// The word itself, such as `unknown-key`.
  public let description: String
  /// The severity a diagnostic of this kind has unless it says otherwise.
  public let severity: Diagnostic.Severity

  init(_ description: String, _ severity: Diagnostic.Severity = .error) {
    self.description = description
    self.severity = severity
  }

  // MARK: The file

  /// The file cannot be opened or read.
  public static let unreadable = DiagnosticCode("unreadable")
  /// The model's folder is not on this machine.
  public static let modelNotFound = DiagnosticCode("model-not-found")
  /// The folder of adapters is not on this machine.
  public static let adaptersNotFound = DiagnosticCode("adapters-not-found")

  /// The engine is not installed on this machine.
  public static let engineNotFound = DiagnosticCode("engine-not-found")

  // MARK: The text

  /// The bytes are not UTF-8.
  public static let notUTF8 = DiagnosticCode("not-utf8")
  /// The text is not YAML.
  public static let syntax = DiagnosticCode("yaml-syntax")
  /// A tab was used to indent.
  public static let tab = DiagnosticCode("yaml-tab")
  /// There is nothing in the file.
  public static let empty = DiagnosticCode("empty-manifest")
  /// The file holds more than one document.
  public static let severalDocuments = DiagnosticCode("several-documents")
  /// The file is too long, too deep or expands too far.
  public static let tooLarge = DiagnosticCode("too-large")
  /// A key occurs twice in one mapping.
  public static let duplicateKey = DiagnosticCode("duplicate-key")
  /// An alias names no anchor, or one that contains it.
  public static let badAlias = DiagnosticCode("bad-alias")
  /// A scalar means different things to different YAML readers.
  public static let ambiguousScalar = DiagnosticCode("ambiguous-scalar", .warning)

  // MARK: The fields

  /// A key the schema does not know.
  public static let unknownKey = DiagnosticCode("unknown-key")
  /// A key was written in another tool's spelling.
  public static let spelling = DiagnosticCode("spelling", .warning)
  /// A field that must be there is missing.
  public static let missingField = DiagnosticCode("missing-field")
  /// A value of the wrong type.
  public static let wrongType = DiagnosticCode("wrong-type")
  /// A value of the right type that is not allowed.
  public static let badValue = DiagnosticCode("bad-value")
  /// Two fields that exclude each other.
  public static let conflict = DiagnosticCode("conflict")

  // MARK: The meaning

  /// Ranks do not divide over nodes.
  public static let unevenNodes = DiagnosticCode("uneven-nodes")
  /// The deployment needs more than the cluster has.
  public static let doesNotFit = DiagnosticCode("does-not-fit")
  /// A reserved word of a later version that cannot be ignored.
  public static let notYet = DiagnosticCode("not-yet")
  /// A field that is accepted but does nothing yet.
  public static let notInEffect = DiagnosticCode("not-in-effect", .warning)
  /// A field or variable that has no effect on the chosen engine.
  public static let noEffect = DiagnosticCode("no-effect", .warning)
  /// A setting that another system's form of the deployment has no place for.
  public static let notCarried = DiagnosticCode("not-carried", .warning)
  /// Autoscaling that can never change a number.
  public static let scalesNothing = DiagnosticCode("scales-nothing", .warning)
  /// Data parallelism over a model without experts: ranks step together and share nothing.
  public static let sharesNothing = DiagnosticCode("shares-nothing", .warning)
  /// A variable that no version of vLLM known here has, or that left it.
  public static let unknownVariable = DiagnosticCode("unknown-variable", .warning)
  /// A switch that makes the served text useless or slow.
  public static let benchmarkOnly = DiagnosticCode("benchmark-only", .warning)
  /// A setting that is legal and almost never wanted.
  public static let questionable = DiagnosticCode("questionable", .warning)
  /// A setting that means something else in the system it was copied from.
  public static let differs = DiagnosticCode("differs-elsewhere", .note)
}
