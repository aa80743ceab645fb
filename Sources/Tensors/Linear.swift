import CKernels

/// A linear layer's weights, in the form and the arithmetic that this run multiplies them in.
public enum Linear {
  /// Weights where the file puts them; `isTransposed` when the layer's outputs are the matrix' columns.
  case inPlace(Matrix, isTransposed: Bool, Arithmetic)
  /// Weights packed for the kernels of their format.
  case packed(PackedMatrix)

  /// Outputs of the layer.
  public var rows: Int {
    switch self {
    case .inPlace(let matrix, let isTransposed, _): isTransposed ? matrix.columns : matrix.rows
    case .packed(let matrix): matrix.rows
    }
  }

  /// The bytes that the layer reads.
  public var bytes: UnsafeRawBufferPointer {
    switch self {
    case .inPlace(let matrix, _, _): matrix.bytes
    case .packed(let matrix): matrix.bytes
    }
  }

  /// `y[count, outputs] = x[count, inputs] · weights`.
  ///
  /// A row of the result has the same bits whatever `count` is, and whether or not the weights are packed.
  public func product(_ x: Rows, count: Int, into y: Rows) {
    switch self {
    case .packed(let matrix): matrix.product(x, count: count, into: y)
    case .inPlace(let matrix, false, .float32): matrix.product(x, count: count, into: y)
    case .inPlace(let matrix, true, .float32): matrix.mix(x, count: count, into: y)
    case .inPlace(let matrix, let isTransposed, .bfloat16):
      matrix.product(ck_rounded_product, x, count: count, isTransposed: isTransposed, into: y)
    case .inPlace(let matrix, let isTransposed, .int8):
      matrix.product(ck_quantised_product, x, count: count, isTransposed: isTransposed, into: y)
    }
  }
}

extension Matrix {
  /// A kernel that multiplies row-major weights of any strides.
  fileprivate typealias Kernel = (
    UnsafePointer<Float>, Int, Int, UnsafeRawPointer, ck_type, Int, Int, Int, Int,
    UnsafeMutablePointer<Float>, Int
  ) -> Void

  /// A product straight from row-major weights, packed on the way at every call.
  fileprivate func product(_ kernel: Kernel, _ x: Rows, count: Int, isTransposed: Bool, into y: Rows) {
    let (outputs, inputs) = isTransposed ? (columns, rows) : (rows, columns)
    kernel(
      x.base, x.stride, count, base, storage.kernelType, isTransposed ? 1 : columns,
      isTransposed ? columns : 1, outputs, inputs, y.base, y.stride)
  }
}
