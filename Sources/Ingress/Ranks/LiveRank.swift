import HTTP
import Platform
import Routing

/// One life of a rank, and the connections to it.
@Loop
final class LiveRank {
  let key: RankKey
  let epoch: Int
  let slot: Int
  let client: HTTPClient

  init(_ entry: RankTable.Entry) {
    key = entry.key
    epoch = entry.epoch
    slot = entry.slot
    client = HTTPClient(entry.endpoint)
  }

  /// Whether `entry` is this life of this rank.
  func isSame(as entry: RankTable.Entry) -> Bool {
    key == entry.key && epoch == entry.epoch && slot == entry.slot && client.endpoint == entry.endpoint
  }
}
