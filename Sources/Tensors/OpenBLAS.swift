import COpenBLAS

/// OpenBLAS as reference arithmetic and as the peer the kernels are measured against.
///
/// It is not on the path of a token: its results depend on how many rows are computed together, it
/// repacks the weights on every call (slow for the few rows of a decode step), and Debian's build has
/// no bf16 product.
public enum OpenBLAS {
  /// Keeps every call on the calling thread; ranks are the unit of parallelism.
  public static func useOneThread() { openblas_set_num_threads(1) }

  /// The core OpenBLAS chose its kernels for, such as `Haswell`.
  public static var core: String { String(cString: openblas_get_corename()) }

  /// `y[count, outputs] = x[count, inputs] · w[outputs, inputs]ᵀ` for f32.
  public static func product(
    _ x: UnsafePointer<Float>, count: Int, weights w: UnsafePointer<Float>, outputs: Int, inputs: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(count), blasint(outputs), blasint(inputs), 1, x,
      blasint(inputs), w, blasint(inputs), 0, y, blasint(outputs))
  }
}
