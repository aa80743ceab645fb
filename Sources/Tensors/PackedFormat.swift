import CKernels

/// How packed weights are stored, and so what activations are rounded to before they are multiplied.
public enum PackedFormat: String, Sendable {
  /// bf16 numbers.
  case bfloat16
  /// Integers from -127 to 127, with an f32 scale for each 128 inputs of an output.
  case int8

  /// Bytes of a packed matrix of that shape.
  func byteCount(rows: Int, columns: Int) -> Int {
    switch self {
    case .bfloat16: ck_packed_bytes(rows, columns)
    case .int8: ck_int8_bytes(rows, columns)
    }
  }

  /// Writes the tiles of `matrix` to `target`, each `tileStride` tiles after the one before.
  func pack(_ matrix: Matrix, isTransposed: Bool, to target: UnsafeMutableRawPointer, tileStride: Int) {
    let (rows, columns) = isTransposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
    let (rowStep, columnStep) = isTransposed ? (1, matrix.columns) : (matrix.columns, 1)
    switch self {
    case .bfloat16:
      ck_pack(matrix.base, matrix.storage.kernelType, rowStep, columnStep, rows, columns, target, tileStride)
    case .int8:
      ck_pack_int8(
        matrix.base, matrix.storage.kernelType, rowStep, columnStep, rows, columns, target, tileStride)
    }
  }
}
