extension Sequence where Element: FixedWidthInteger {
  /// The sum, or the nearest number to it that there is: what comes over a wire may be anything.
  var total: Element {
    reduce(0) { sum, next in
      let (exact, overflows) = sum.addingReportingOverflow(next)
      return overflows ? (next < 0 ? .min : .max) : exact
    }
  }
}
