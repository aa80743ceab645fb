import CKernels

/// Rows of f32 activations: a pointer and the distance between rows, in elements.
public struct Rows {
  /// The first element of the first row.
  public let base: UnsafeMutablePointer<Float>
  /// Elements from one row to the next.
  public let stride: Int

  /// Rows at `base`, `stride` elements apart.
  public init(_ base: UnsafeMutablePointer<Float>, stride: Int) {
    self.base = base
    self.stride = stride
  }

  /// The same rows seen from column `column` on.
  public func from(column: Int) -> Rows { Rows(base + column, stride: stride) }

  /// The rows from row `row` on.
  public func from(row: Int) -> Rows { Rows(base + row * stride, stride: stride) }
}

extension Matrix {
  /// `y[count, rows] = x[count, columns] · selfᵀ`, the linear layer of a Hugging Face checkpoint.
  ///
  /// A row of the result has the same bits whatever `count` is.
  public func product(_ x: Rows, count: Int, into y: Rows) {
    ck_product(
      x.base, x.stride, count, base, storage.kernelType, columns, rows, columns, y.base, y.stride)
  }

  /// `y[count, columns] = x[count, rows] · self`, without a transpose.
  ///
  /// A row of the result has the same bits whatever `count` is.
  public func mix(_ x: Rows, count: Int, into y: Rows) {
    ck_mix(x.base, x.stride, count, base, storage.kernelType, columns, rows, columns, y.base, y.stride, 0)
  }
}
