import CLinux
import Glibc

/// Parts of files that take no room on the disk.
public enum FileHoles {
  /// Holes begin and end at whole blocks.
  private static let block = 4096
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// Gives the blocks that lie wholly in `range` back to the disk; false when the file system cannot.
  public static func punch(_ fd: Int32, _ range: Range<Int>) -> Bool {
    let start = (range.lowerBound + block - 1) / block * block
    let end = range.upperBound / block * block
    guard end > start else { return true }
    return clinux_punch_hole(fd, Int64(start), Int64(end - start)) == 0
  }

  /// The first part at or after `start` that is no hole; nil at the end of the file.
  public static func data(of fd: Int32, from start: Int) -> Range<Int>? {
    let first = lseek(fd, start, seekData)
    guard first >= 0 else { return nil }
    let end = lseek(fd, first, seekHole)
    return end > first ? first..<end : nil
  }
}
