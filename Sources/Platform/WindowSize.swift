import CLinux

/// The size of a terminal's window, in cells.
public struct WindowSize: Hashable, Sendable {
  /// Columns.
  public let columns: Int
  /// Rows.
  public let rows: Int

  /// Asks the terminal behind a descriptor; nil when there is none or it does not know.
  public init?(of descriptor: Int32) {
    var columns: Int32 = 0
    var rows: Int32 = 0
    guard clinux_window_size(descriptor, &columns, &rows) == 0, columns > 0, rows > 0 else { return nil }
    self.columns = Int(columns)
    self.rows = Int(rows)
  }
}
