import ControlAPI

/// Who asked for what.
extension Controller {
  /// Writes down that somebody asked for something.
  func record(_ entry: AuditEntry) { surroundings.store.add([.audit(entry)]) }

  /// What was asked for, newest first, of one application or of all.
  func audit(of application: String?, most: Int) async throws(ControlError) -> AuditPage {
    do {
      return AuditPage(
        entries: try await surroundings.store.audit(of: application, most: min(most, Store.keptEvents)))
    } catch {
      throw ControlError(code: "store-failed", message: "the audit cannot be read: \(error)")
    }
  }
}
