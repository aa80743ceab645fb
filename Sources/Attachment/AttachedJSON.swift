public import ControlAPI
import FoundationEssentials

extension Attachment {
  /// A status as the controller would print it.
  public nonisolated static func json(_ status: Status) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // A status holds nothing that JSON cannot say.
    return (try? encoder.encode(status)).map(Array.init) ?? []
  }
}
