import ControlAPI
import Glibc
import Platform
import Testing

/// An instant of the controller's life at which it is killed, and what an operator or a fault is doing then.
struct FailpointCase: CustomTestStringConvertible, Sendable {
  let failpoint: String
  let deed: Deed
  /// The so-manieth pass of the instant.
  var count = 1

  var testDescription: String { "\(failpoint) (\(count)) while \(deed.rawValue)" }

  /// What leads the controller to the instant.
  enum Deed: String, CaseIterable, Sendable {
    case create = "an application is created"
    case roll = "a revision is rolled out"
    case scale = "ingress replicas are added and ranks stay"
    case shrink = "an ingress replica is taken away"
    case rankDeath = "a rank is killed"
    case ingressDeath = "an ingress replica is killed"
    case fallBack = "a revision that cannot start is taken back"
    case delete = "it is deleted"
    case restart = "another controller takes over"
    case stop = "the controller is told to stop"

    /// Whether the application is there before.
    var needsApplication: Bool { self != .create }
  }

  /// Every instant, with what leads to it; the first of each is the one that `make test` has time for.
  static let all: [(failpoint: String, deeds: [Deed])] = [
    ("apply.accepted", [.roll, .create, .scale]),
    ("apply.recorded", [.roll, .create, .scale]),
    ("store.begins", [.roll, .create, .rankDeath, .delete, .fallBack]),
    ("store.committed", [.roll, .create, .rankDeath, .delete, .fallBack]),
    ("effects.begin", [.rankDeath, .create, .roll, .delete]),
    ("effects.half", [.rankDeath, .create, .roll]),
    ("rank.intended", [.rankDeath, .create, .roll]),
    ("rank.started", [.rankDeath, .create, .roll]),
    ("rank.ended", [.rankDeath, .roll, .delete, .fallBack]),
    ("ranks.stopping", [.rankDeath, .roll, .delete]),
    ("drain.begins", [.roll]),
    ("drain.done", [.roll]),
    ("ingress.intended", [.ingressDeath, .create, .scale]),
    ("ingress.started", [.ingressDeath, .create, .scale]),
    ("ingress.ended", [.ingressDeath, .shrink, .delete]),
    ("ingress.stopping", [.shrink, .delete]),
    ("rollback.begins", [.fallBack]),
    ("delete.recorded", [.delete]),
    ("dismantle.swept", [.delete]),
    ("dismantle.forgotten", [.delete]),
    ("adoption.begins", [.restart]),
    ("adoption.swept", [.restart]),
    ("adoption.done", [.restart]),
    ("controller.stopping", [.stop]),
  ]

  static var short: [FailpointCase] { all.map { FailpointCase(failpoint: $0.failpoint, deed: $0.deeds[0]) } }

  /// All deeds, and further passes of the instants that come again and again.
  static var long: [FailpointCase] {
    all.flatMap { entry in
      entry.deeds.flatMap { deed in
        (entry.failpoint.hasPrefix("store") || entry.failpoint.hasPrefix("effects") ? 1...6 : 1...2).map {
          FailpointCase(failpoint: entry.failpoint, deed: deed, count: $0)
        }
      }
    }
  }
}
