import ControlAPI
import Deployment
import Glibc
import Platform
import Telemetry

/// The names of an application's sockets, stats pages and logs.
struct RunDirectory: Sendable {
  let run: String
  let logs: String
  private let home: HomeDirectory
  private let application: String
  /// The kernel's limit on the path of a Unix socket, without its end mark.
  static let longestSocketPath = 107

  init(home: HomeDirectory, application: String) {
    self.home = home
    self.application = application
    run = home.run(of: application)
    logs = home.logs(of: application)
  }

  func rankSocket(_ place: RankPlace) -> String { "\(run)/\(place.stem).sock" }
  func rankPage(_ place: RankPlace) -> String { "\(run)/\(place.stem).stats" }
  func rankLog(_ place: RankPlace) -> String { "\(logs)/\(place.group)-\(place.rank).e\(place.epoch).log" }
  func ingressSocket(_ index: Int) -> String { "\(run)/i\(index).sock" }
  /// Where a replica behind a front takes clients.
  func ingressClients(_ index: Int) -> String {
    home.clientSocket(of: application, ingress: "\(ReplicaName.ingress(index))")
  }
  func frontSocket(_ index: Int) -> String { "\(run)/f\(index).sock" }
  func frontConfiguration(_ index: Int) -> String { "\(run)/f\(index).cfg" }
  func frontCertificate(_ index: Int) -> String { "\(run)/f\(index).pem" }
  func frontLog(_ index: Int) -> String { "\(logs)/front-\(index).log" }
  func ingressBell(_ index: Int) -> String { LoadBoard.bellPath(in: run, replica: index) }
  func ingressPage(_ index: Int, life: Int) -> String { "\(run)/i\(index).e\(life).stats" }
  func ingressLog(_ index: Int) -> String { "\(logs)/ingress-\(index).log" }

  /// Makes the folders, private to the user.
  ///
  /// - Throws: what the kernel says, or a path too long for a socket.
  func create() throws(ControlError) {
    let longest = rankSocket(RankPlace(group: 99, rank: 999, epoch: 999_999))
    guard longest.utf8.count <= Self.longestSocketPath else {
      let excess = longest.utf8.count - Self.longestSocketPath
      throw ControlError(
        code: "path-too-long",
        message: """
          sockets under \(run) would have paths \(excess) bytes beyond the kernel's limit of \
          \(Self.longestSocketPath); set DPDEPLOY_HOME to a shorter path, or shorten the application's name
          """)
    }
    for path in [run, logs] {
      guard Folder.make(path) else {
        throw ControlError(
          code: "no-folder", message: "\(SystemError(call: "mkdir", code: errno, subject: path))")
      }
    }
  }

  /// Removes what a rank's life left behind.
  func remove(_ place: RankPlace) {
    unlink(rankSocket(place))
    unlink(rankPage(place))
    unlink(rankPage(place) + ".experts")
  }

  /// Removes what an ingress replica's life left behind.
  func removeIngress(_ index: Int, life: Int) {
    unlink(ingressSocket(index))
    unlink(ingressClients(index))
    unlink(ingressBell(index))
    unlink(ingressPage(index, life: life))
  }

  /// Removes what a front's life left behind.
  func removeFront(_ index: Int) {
    for path in [frontSocket(index), frontConfiguration(index), frontCertificate(index)] { unlink(path) }
  }

  /// Removes the run folder with all that is in it; the logs stay.
  func removeAll() {
    for name in Folder.names(in: run) { unlink("\(run)/\(name)") }
    rmdir(run)
  }
}

/// One life of one rank.
struct RankPlace: Hashable, Sendable {
  let group: Int
  let rank: Int
  let epoch: Int

  /// `r3.e7`; beyond the first group `g1r3.e7`.
  var stem: String { "\(group == 0 ? "" : "g\(group)")r\(rank).e\(epoch)" }
}
