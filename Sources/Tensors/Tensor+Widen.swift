import CKernels

extension Tensor {
  /// Writes the elements as f32 to `target`, which has room for all of them.
  public func widen(into target: UnsafeMutablePointer<Float>) throws(TensorsError) {
    guard let base = bytes.baseAddress else { return }
    let count = bytes.count / elementType.byteCount
    switch elementType {
    case .f32: ck_widen(base, CK_F32, count, target)
    case .bf16: ck_widen(base, CK_BF16, count, target)
    case .f16:
      for index in 0..<count {
        let bits = base.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
        target[index] = Self.float(half: bits)
      }
    default: throw .unsupportedType(file: file, tensor: name, found: elementType.rawValue)
    }
  }

  /// The value of an IEEE 754 binary16 number.
  ///
  /// By hand because `Float16` is not available on every platform Swift runs on.
  static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF) / 1024
    switch exponent {
    case 0: return sign * Float(sign: .plus, exponent: -14, significand: fraction)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
  }
}
