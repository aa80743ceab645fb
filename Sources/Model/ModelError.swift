public import Tensors

/// Why a model folder cannot be served: reasons that are the same on every attempt.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// A weight file or memory request failed.
  case tensors(TensorsError)
  /// A field of `config.json` is missing, has the wrong type or an impossible value.
  case configuration(file: String, field: String, reason: String)
  /// The model's architecture is one this engine does not run.
  case unsupported(file: String, feature: String)

  /// One sentence that names the file and what is wrong with it.
  public var description: String {
    switch self {
    case .tensors(let error): error.description
    case .configuration(let file, let field, let reason): "\(file): \(field): \(reason)"
    case .unsupported(let file, let feature): "\(file): not supported: \(feature)"
    }
  }
}

/// Runs `body`, turning its error into this module's.
func reading<Value>(_ body: () throws(TensorsError) -> Value) throws(ModelError) -> Value {
  do { return try body() } catch { throw .tensors(error) }
}
