/// The shape of the data-parallel deployment over nodes.
///
/// Ranks are placed in contiguous blocks: block `b` of a group holds ranks `b * sizePerNode ..< (b + 1) * sizePerNode`
/// and stands on a node of its own. Current Ray ignores `dp_size_per_node`; here it is checked, never bent.
public struct ParallelLayout: Sendable, Equatable {
  /// Ranks of one group (`data_parallel_size`).
  public let size: Int
  /// Ranks of one group on one node (`dp_size_per_node`); divides ``size``.
  public let sizePerNode: Int
  /// Groups: complete copies of the deployment (`num_replicas`), or those to start with where the load says how many.
  public let groups: Int
  /// The greatest number of groups.
  public let mostGroups: Int
  /// Nodes; on the local backend these are virtual.
  public let nodes: Int
  /// Devices of each node; one rank takes one.
  public let devicesPerNode: Int

  /// Nodes one group stands on.
  public var nodesPerGroup: Int { size / sizePerNode }
  /// Ranks of all groups that there may be.
  public var mostRanks: Int { size * mostGroups }
  /// Ranks of all groups together.
  public var totalRanks: Int { size * groups }
}
