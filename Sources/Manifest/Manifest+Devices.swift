extension Manifest {
  /// Devices that a rank takes: those of every tensor-parallel group of its pipeline.
  public var devicesPerRank: Int {
    [FieldPath.tensorParallelSize, FieldPath.pipelineParallelSize].reduce(1) { product, path in
      guard case .integer(let count)? = settings[path]?.value else { return product }
      return product * count
    }
  }
}
