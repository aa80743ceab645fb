/// Memory of accelerators, as `nvidia-smi` tells it.
public enum Accelerator {
  /// Bytes of the accelerator that a manifest calls by this name; nil for one that is not known here.
  public static func bytes(_ name: String) -> Int? { mebibytes[name.uppercased()].map { $0 << 20 } }

  /// The names that are known, sorted.
  public static var names: [String] { mebibytes.keys.sorted() }

  private static let mebibytes = [
    "A100-40G": 40_960, "A100-80G": 81_920, "B200": 183_359, "H100": 81_559, "H200": 143_771,
    "L40S": 46_068,
  ]
}
