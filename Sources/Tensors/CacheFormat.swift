/// How attention caches keys and values.
public enum CacheFormat: String, Sendable, CaseIterable {
  /// f32 rows, one a token.
  case float32
  /// bf16 pages of sixteen tokens, transposed.
  case bfloat16
}

extension Arithmetic {
  /// What goes with it, as vLLM's `kv_cache_dtype: auto` follows the model's: rounding to bf16 loses nothing that
  /// rounded activations had.
  public var cacheFormat: CacheFormat {
    switch self {
    case .float32: .float32
    case .bfloat16, .int8: .bfloat16
    }
  }
}
