/// One field of the manifest: the single source of what the reader accepts and what the documentation says.
public struct Field: Sendable {
  /// The key, as written in the file.
  public let name: String
  /// What may be written.
  public let kind: FieldKind
  /// The value in effect when the file is silent; `.null` leaves the choice to whoever uses it.
  public let fallback: Value
  /// What the field is, in one sentence.
  public let summary: String
  /// What the bundled engine and the local backend do with it.
  public let bundled: Standing
  /// What `engine: vllm` does with it; nil inherits the section's.
  public let vllm: String?
  /// What `backend: ray` does with it; nil inherits the section's.
  public let ray: String?
  /// Values that ask for nothing and are never warned about, besides ``fallback``.
  public let neutral: [Value]
  /// Whether the manifest is refused without it.
  public let isRequired: Bool
  /// Whether its value must never be shown.
  public let isSecret: Bool
  private let change: ChangeClass

  init(
    _ name: String, _ kind: FieldKind, _ fallback: Value, _ summary: String,
    _ change: ChangeClass = .none,
    bundled: Standing = .inEffect, vllm: String? = nil, ray: String? = nil, neutral: [Value] = [],
    isRequired: Bool = false, isSecret: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.fallback = fallback
    self.summary = summary
    self.bundled = bundled
    self.vllm = vllm
    self.ray = ray
    self.neutral = neutral
    self.isRequired = isRequired
    self.isSecret = isSecret
    self.change = change
  }

  /// A field that is unset when the file is silent.
  init(
    _ name: String, _ kind: FieldKind, _ summary: String, _ change: ChangeClass = .none,
    bundled: Standing = .inEffect, vllm: String? = nil, ray: String? = nil, neutral: [Value] = [],
    isRequired: Bool = false, isSecret: Bool = false
  ) {
    self.init(
      name, kind, .null, summary, change, bundled: bundled, vllm: vllm, ray: ray, neutral: neutral,
      isRequired: isRequired, isSecret: isSecret)
  }

  /// A mapping of further fields.
  static func section(
    _ name: String, _ summary: String, vllm: String? = nil, ray: String? = nil, _ fields: [Field]
  ) -> Field {
    Field(name, .section(fields), summary, vllm: vllm, ray: ray)
  }

  /// What a change of this field costs; nothing while it has no effect.
  public var changeClass: ChangeClass {
    if case .inEffect = bundled { change } else { .none }
  }

  /// The fields below this one.
  public var children: [Field] {
    if case .section(let fields) = kind { fields } else { [] }
  }
}

/// Whether a setting does something on the bundled engine.
public enum Standing: Sendable, Equatable {
  /// It does what it says.
  case inEffect
  /// It will; the text says what happens meanwhile.
  case notYet(String)
  /// It never will; the text says why, or what to use.
  case noEffect(String)
}
