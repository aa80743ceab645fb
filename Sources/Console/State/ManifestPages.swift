import ControlAPI

/// What the manifest screen shows, and what the controller said about the file.
public struct ManifestPages: Sendable, Equatable {
  /// The pages, in the order in which `v` turns them.
  public enum Page: String, Sendable, CaseIterable {
    /// What the file would start, and what is wrong with it.
    case plan
    /// The file.
    case text
    /// What an apply would change.
    case diff
    /// Every apply so far.
    case history
  }

  /// What an apply of a text would do, as answered.
  struct Planned: Sendable, Equatable {
    var text: String
    /// The answer; nil while it is awaited.
    var answer: Result<PlanResult, ControlError>?
  }

  /// The page in sight.
  public internal(set) var page = Page.plan
  var planned: Planned?
  /// The revisions of an application; nil before they were told.
  var revisions: (application: String, list: [Revision])?
  /// Whether the revisions are being asked for.
  var isAskingRevisions = false
  /// The chosen revision, counted from the newest.
  var chosenRevision = 0

  mutating func turn() {
    let all = Page.allCases
    page = all[((all.firstIndex(of: page) ?? 0) + 1) % all.count]
    revisions = nil
    chosenRevision = 0
  }

  /// Compares all but what is only on its way.
  public static func == (left: ManifestPages, right: ManifestPages) -> Bool {
    left.page == right.page && left.planned == right.planned && left.chosenRevision == right.chosenRevision
      && left.revisions?.application == right.revisions?.application
      && left.revisions?.list == right.revisions?.list
  }
}
