import Platform
public import Ray

/// Whether a cluster can take an application, as far as that can be known before it is declared.
public struct ClusterPreflight: Sendable {
  private let cluster: RayCluster
  private let application: RayServeApplication
  private let name: String

  /// Ray tells what is taken every five seconds.
  private static let longestBeat = Duration.seconds(7)
  private static let interval = Duration.milliseconds(500)

  /// Asks `cluster` about the application called `name`.
  public init(cluster: RayCluster, application: RayServeApplication, name: String) {
    self.cluster = cluster
    self.application = application
    self.name = name
  }

  /// What Serve has, of which the application may be declared.
  ///
  /// - Throws: why the cluster cannot be driven, or that the name is somebody else's.
  public func details(owner: String) async throws(RayError) -> ServeDetails {
    _ = try await cluster.version()
    let details = try await cluster.details()
    try Declaration.checkOwner(owner, of: name, in: details)
    return details
  }

  /// The nodes, which would hold the application if they were empty.
  public func nodes() async throws(RayError) -> [ClusterNode] {
    let nodes = try await cluster.nodes()
    try application.placement.check(blocks: application.blocks, of: application.bundle, on: nodes)
    return nodes
  }

  /// Checks that `nodes` hold the application beside what others have of them, where the cluster tells that.
  ///
  /// A look that may be older than what was freed since is not believed: the next one is waited for.
  @Loop
  public func checkFree(on nodes: [ClusterNode]) async throws(RayError) {
    let deadline = Instant.after(Self.longestBeat)
    var first: Double?
    while let usage = try await cluster.usage() {
      // What the application holds already makes room for what takes its place.
      let own = try await cluster.placementGroups().filter { $0.belongs(to: name, application.serverName) }
      do throws(RayError) {
        return try application.placement.check(
          blocks: application.blocks, of: application.bundle, on: nodes, taken: usage.without(own))
      } catch {
        if Instant.now > deadline || usage.time != first ?? usage.time { throw error }
      }
      first = first ?? usage.time
      await Loop.sleep(for: Self.interval)
    }
  }
}
