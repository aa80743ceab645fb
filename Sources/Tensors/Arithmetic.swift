import CKernels

/// The number format in which linear layers multiply.
public enum Arithmetic: String, Sendable, CaseIterable {
  /// f32 activations times weights as they are stored.
  case float32
  /// Activations and weights rounded to bf16, f32 sums in a fixed order: the same bits on every path.
  case bfloat16
  /// Activations and weights rounded to int8, with a scale for each 128 of them; exact sums within these, f32 beyond.
  case int8

  /// How weights are packed for it; nil when they are not.
  public var packedFormat: PackedFormat? {
    switch self {
    case .float32: nil
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
  }

  /// What suits a checkpoint on this machine: bf16 where the weights are bf16 and the processor has vectors
  /// to multiply them with.
  public static func automatic(for folder: WeightFolder) -> Arithmetic {
    folder.isMostlyBF16 && String(cString: ck_isa()) != "portable" ? .bfloat16 : .float32
  }

  /// The instruction set of the kernels in use, such as `avx2`.
  public static var instructionSet: String { String(cString: ck_isa()) }
}
