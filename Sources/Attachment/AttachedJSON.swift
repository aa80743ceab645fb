public import ControlAPI
import JSON

extension Attachment {
  /// A status as the controller would print it.
  public nonisolated static func json(_ status: Status) -> [UInt8] {
    // A status holds nothing that JSON cannot say.
    (try? JSONPrinter.print(status, isPretty: true)) ?? []
  }
}
