import CKernels

/// A view of weights `[rows, columns]` packed into tiles of 16 rows for streaming.
///
/// It owns nothing: the ``PackedWeights`` or buffer behind it must outlive it.
public struct PackedMatrix {
  /// The first tile, aligned to 64 bytes.
  public let base: UnsafeRawPointer
  /// Rows, which are the outputs of the layer.
  public let rows: Int
  /// Columns, which are its inputs.
  public let columns: Int
  /// How they are stored.
  public let format: PackedFormat

  /// A view of packed weights at `base`.
  public init(_ base: UnsafeRawPointer, rows: Int, columns: Int, format: PackedFormat) {
    self.base = base
    self.format = format
    self.rows = rows
    self.columns = columns
  }

  /// Rows of a tile.
  public static let tileRows = 16

  /// The bytes the matrix covers.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: format.byteCount(rows: rows, columns: columns))
  }

  /// `y[count, rows] = x[count, columns] · selfᵀ`, with `x` rounded to the format of the weights.
  ///
  /// A row of the result has the same bits whatever `count` is.
  public func product(_ x: Rows, count: Int, into y: Rows) {
    switch format {
    case .bfloat16: ck_packed_product(x.base, x.stride, count, base, rows, columns, y.base, y.stride)
    case .int8: ck_int8_product(x.base, x.stride, count, base, rows, columns, y.base, y.stride)
    }
  }
}

/// `h[count, width] = silu(gate) · up` for the product with a ``PackedMatrix`` that holds tiles of gates and of ups
/// in turn, `width` a multiple of ``PackedMatrix/tileRows``.
public func applySwiGLU(
  tiles both: UnsafePointer<Float>, count: Int, width: Int, into h: UnsafeMutablePointer<Float>
) {
  ck_swiglu_tiles(both, count, width, h)
}
