/// What ``WeightFolder/linear(_:rows:columns:)`` makes of a weight matrix.
public enum WeightPacking {
  /// A view of the weights where they are.
  case inPlace(Arithmetic)
  /// An entry in a list; the layers that come of it are only good for their shapes.
  case listing(PackingList)
  /// A view of the packed file.
  case packed(PackedWeights)
}

extension WeightFolder {
  /// The layer whose weights are the tensor of that name, `[rows, columns]`: outputs by inputs.
  ///
  /// - Important: Valid while this folder lives.
  public func linear(_ name: String, rows: Int, columns: Int) throws(TensorsError) -> Linear {
    linear(name, try matrix(name, rows: rows, columns: columns), isTransposed: false)
  }

  /// The layer with the weights `matrix`, under a name of its own.
  ///
  /// - Parameter isTransposed: Whether the matrix' columns are the outputs.
  public func linear(_ name: String, _ matrix: Matrix, isTransposed: Bool) -> Linear {
    switch packing {
    case .inPlace(let arithmetic): .inPlace(matrix, isTransposed: isTransposed, arithmetic)
    case .listing(let list): .packed(list.add(name, [matrix], isTransposed: isTransposed))
    case .packed(let file):
      file.matrix(name).map { .packed($0) } ?? .inPlace(matrix, isTransposed: isTransposed, file.arithmetic)
    }
  }

  /// Two layers of the same inputs as one that gives sixteen outputs of the first, sixteen of the second, and so on.
  ///
  /// - Returns: nil when weights are used in place, or do not fill tiles of sixteen outputs.
  public func interleaved(_ name: String, _ first: Matrix, _ second: Matrix) -> PackedMatrix? {
    precondition(first.rows == second.rows && first.columns == second.columns, "two layers of one shape")
    guard first.rows.isMultiple(of: PackedMatrix.tileRows) else { return nil }
    switch packing {
    case .inPlace: return nil
    case .listing(let list): return list.add(name, [first, second], isTransposed: false)
    case .packed(let file): return file.matrix(name)
    }
  }
}
