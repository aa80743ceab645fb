import CKernels

/// A view of bf16 weights `[rows, columns]` packed into tiles of 16 rows for streaming.
///
/// It owns nothing: the ``PackedWeights`` or buffer behind it must outlive it.
public struct PackedMatrix {
  /// The first tile, aligned to 64 bytes.
  public let base: UnsafeRawPointer
  /// Rows, which are the outputs of the layer.
  public let rows: Int
  /// Columns, which are its inputs.
  public let columns: Int

  /// A view of packed weights at `base`.
  public init(_ base: UnsafeRawPointer, rows: Int, columns: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
  }

  /// Bytes of a packed matrix of that shape.
  public static func byteCount(rows: Int, columns: Int) -> Int { ck_packed_bytes(rows, columns) }

  /// Rows of a tile.
  public static let tileRows = 16

  /// The bytes the matrix covers.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: Self.byteCount(rows: rows, columns: columns))
  }

  /// `y[count, rows] = bf16(x)[count, columns] · selfᵀ`.
  ///
  /// A row of the result has the same bits whatever `count` is.
  public func product(_ x: Rows, count: Int, into y: Rows) {
    ck_packed_product(x.base, x.stride, count, base, rows, columns, y.base, y.stride)
  }
}

/// `h[count, width] = silu(gate) · up` for the product with a ``PackedMatrix`` that holds tiles of gates and of ups
/// in turn, `width` a multiple of ``PackedMatrix/tileRows``.
public func applySwiGLU(
  tiles both: UnsafePointer<Float>, count: Int, width: Int, into h: UnsafeMutablePointer<Float>
) {
  ck_swiglu_tiles(both, count, width, h)
}
