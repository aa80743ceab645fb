/// Orders one token's experts by id, their weights along with them; few enough for an insertion sort.
func sortByExpert(
  _ ids: UnsafeMutablePointer<Int32>, _ weights: UnsafeMutablePointer<Float>, count: Int
) {
  for index in 1..<max(1, count) {
    let id = ids[index]
    let weight = weights[index]
    var place = index
    while place > 0, ids[place - 1] > id {
      ids[place] = ids[place - 1]
      weights[place] = weights[place - 1]
      place -= 1
    }
    ids[place] = id
    weights[place] = weight
  }
}

/// `row *= weight`.
func scale(_ row: UnsafeMutablePointer<Float>, by weight: Float, count: Int) {
  for index in 0..<count { row[index] *= weight }
}

/// `sum += row`.
func accumulate(_ row: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>, count: Int) {
  for index in 0..<count { sum[index] += row[index] }
}
