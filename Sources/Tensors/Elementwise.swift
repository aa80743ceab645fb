import CKernels

/// Root-mean-square normalisation of `count` rows of `weight.count` elements (Zhang and Sennrich, 2019).
public func normalizeRootMeanSquare(
  _ x: Rows, count: Int, weight: FloatBuffer, epsilon: Float, into y: Rows
) {
  ck_rms_norm(x.base, x.stride, count, weight.count, weight.base, epsilon, y.base, y.stride)
}

/// `gate[i] = silu(gate[i]) · up[i]`, the gated activation of SwiGLU (Shazeer, 2020).
public func applySwiGLU(
  gate: UnsafeMutablePointer<Float>, up: UnsafePointer<Float>, count: Int
) {
  ck_swiglu(gate, up, count)
}

/// Replaces each element by its logistic sigmoid.
public func applySigmoid(_ x: UnsafeMutablePointer<Float>, count: Int) { ck_sigmoid(x, count) }

/// `y[i] += x[i]`.
public func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
  ck_add(y, x, count)
}

/// `x[i] *= factor`, rounded to f32 before anyone adds it to something.
public func scale(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
  ck_scale(x, factor, count)
}

/// The first index of the largest of `count` numbers, at least one; what is not a number never wins.
public func indexOfLargest(_ x: UnsafePointer<Float>, count: Int) -> Int {
  ck_argmax(x, count)
}
