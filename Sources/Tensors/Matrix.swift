import CKernels

/// A view of a row-major weight matrix `[rows, columns]` stored as f32 or bf16.
///
/// It owns nothing: the ``WeightFolder`` or buffer behind it must outlive it.
public struct Matrix {
  /// How the elements are stored.
  public enum Storage: Sendable {
    case f32
    case bf16

    /// The storage the kernels read in place for an element type, or nil when they cannot.
    public init?(_ elementType: ElementType) {
      switch elementType {
      case .f32: self = .f32
      case .bf16: self = .bf16
      default: return nil
      }
    }

    var kernelType: ck_type { self == .f32 ? CK_F32 : CK_BF16 }

    /// Bytes of one element.
    public var byteCount: Int { self == .f32 ? 4 : 2 }
  }

  /// The first element; any byte alignment.
  public let base: UnsafeRawPointer
  /// How the elements are stored.
  public let storage: Storage
  /// Rows.
  public let rows: Int
  /// Columns, which is also the distance between rows.
  public let columns: Int

  /// A view of `rows × columns` elements at `base`.
  public init(_ base: UnsafeRawPointer, storage: Storage, rows: Int, columns: Int) {
    self.base = base
    self.storage = storage
    self.rows = rows
    self.columns = columns
  }

  /// The bytes the matrix covers.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: rows * columns * storage.byteCount)
  }

  /// The rows of a range, as a matrix of their own.
  public subscript(rows range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "row range outside the matrix")
    return Matrix(
      base + range.lowerBound * columns * storage.byteCount, storage: storage, rows: range.count,
      columns: columns)
  }

  /// Writes row `index` as f32 to `target`.
  public func copyRow(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    precondition((0..<rows).contains(index), "row outside the matrix")
    ck_widen(base + index * columns * storage.byteCount, storage.kernelType, columns, target)
  }
}
