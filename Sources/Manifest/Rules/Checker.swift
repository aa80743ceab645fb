/// Checks that values which are right one by one also fit together, and fills in what follows from others.
struct Checker {
  private(set) var values: [String: ReadValue]
  /// Values that an operator put in the place of the file's.
  private let overrides: [String: Value]
  var diagnostics: DiagnosticList

  init(_ reader: SchemaReader, overrides: [String: Value] = [:]) {
    values = reader.values
    self.overrides = overrides
    diagnostics = reader.diagnostics
  }

  /// Every rule, in the order of the documentation.
  mutating func checkAll() -> ParallelLayout? {
    checkStandings()
    checkVariables()
    checkBatch()
    checkSteps()
    checkBalancing()
    checkAdapters()
    checkLinks()
    checkGroups()
    checkIngress()
    checkFront()
    checkOperation()
    checkStops()
    checkCluster()
    let layout = layout()
    if let layout { checkOneNode(layout) }
    return layout
  }

  /// What runs in a rank.
  var engine: EngineKind { word(FieldPath.engine, .bundled) }

  /// The value in effect: an operator's, else the file's, else the schema's.
  func value(_ path: String) -> Value {
    if let value = overrides[path] { return value }
    if let read = values[path] { return read.value }
    guard let entry = ManifestSchema.entry(at: path) else { preconditionFailure("no field at \(path)") }
    return entry.field.fallback
  }

  func integer(_ path: String) -> Int? {
    if case .integer(let value) = value(path) { value } else { nil }
  }

  func number(_ path: String) -> Double? {
    switch value(path) {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  func text(_ path: String) -> String? {
    if case .text(let value) = value(path) { value } else { nil }
  }

  /// A list of texts; empty when there is none.
  func texts(_ path: String) -> [String] {
    guard case .list(let items) = value(path) else { return [] }
    return items.compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  func flag(_ path: String) -> Bool? {
    if case .boolean(let value) = value(path) { value } else { nil }
  }

  /// Whether an operator put a value in the place of the file's.
  func isOverridden(_ path: String) -> Bool { overrides[path] != nil }

  /// Whether the file gives the field a value.
  func isGiven(_ path: String) -> Bool { values[path] != nil }

  /// The keys below `section` that the file gives a value of its own.
  func given(below section: String) -> [String] {
    values.keys.filter { path in
      path.hasPrefix(section + ".") && values[path]?.value != ManifestSchema.entry(at: path)?.field.fallback
    }
  }

  /// Where the value stands in the file, nil when it is a default.
  func span(_ path: String) -> SourceSpan? { values[path]?.span }

  /// "`path` is 16 on line 7", for notes.
  func mention(_ path: String) -> String {
    let name = path.split(separator: ".").last.map(String.init) ?? path
    let shown = value(path).json()
    return span(path).map { "`\(name)` is \(shown) on line \($0.line)" } ?? "`\(name)` is \(shown) by default"
  }
}
