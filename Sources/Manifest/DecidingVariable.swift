extension Manifest {
  /// The variable of the ranks that decides the field at `path`, which the file leaves open; nil where none does.
  public func variable(deciding path: String) -> EnvironmentVariable? {
    guard settings.span(of: path) == nil else { return nil }
    let name: String? =
      switch path {
      case FieldPath.backendOfExperts: KnownVariable.backendName
      case FieldPath.attentionBackend where engine == .vllm: "VLLM_ATTENTION_BACKEND"
      default: nil
      }
    return environment.last { $0.name == name }
  }
}
