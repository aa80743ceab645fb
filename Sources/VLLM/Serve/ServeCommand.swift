public import Manifest

/// `vllm serve` for the ranks of a deployment: what is the same for all of them, and what each adds.
///
/// Every rank is an API server on a private socket behind dpdeploy's ingress: over one engine (`--data-parallel-rank`,
/// vLLM's external load balancing), or over several of them (``VLLMBalancing``).
public struct ServeCommand: Sendable, Equatable {
  /// `serve` and the arguments that all ranks have in common.
  public let arguments: [String]
  /// The manifest's variables as `NAME=value`, translated for the release.
  public let environment: [String]
  /// Devices that one rank takes.
  public let devicesPerRank: Int
  /// Device numbers that the ranks may take, by the manifest's `CUDA_VISIBLE_DEVICES`; nil takes those from 0 on.
  public let devices: [String]?

  /// Composes the command for a release, and says what of the manifest had to be translated or cannot be used.
  ///
  /// - Parameter model: the model's folder, or its name on Hugging Face.
  /// - Returns: nil as command when there is an error among the remarks.
  public static func compose(
    _ manifest: Manifest, model: String, version: VLLMVersion
  ) -> (command: ServeCommand?, remarks: [Diagnostic]) {
    var composer = ServeComposer(manifest, version)
    composer.compose(model: model)
    let isUsable = !composer.remarks.contains { $0.severity == .error }
    return (isUsable ? composer.command : nil, composer.remarks)
  }

  /// What a server on a private socket adds to ``arguments``.
  public static func socketArguments(_ server: ServerPlace, socket: String, rendezvousPort: Int) -> [String] {
    ["--uds", socket] + groupArguments(server, address: "127.0.0.1", rendezvousPort: rendezvousPort)
  }

  /// What tells a server its place in its group, whose engines meet at a port of the first server's machine; nothing
  /// for an engine that is alone.
  public static func groupArguments(_ server: ServerPlace, address: String, rendezvousPort: Int) -> [String] {
    guard server.groupSize > 1 else { return [] }
    return ["--data-parallel-size", "\(server.groupSize)"] + balancing(server) + [
      "--data-parallel-address", address, "--data-parallel-rpc-port", "\(rendezvousPort)",
    ]
  }

  /// The flags that tell vLLM who balances over the engines: all, some or none of the group are this server's.
  private static func balancing(_ server: ServerPlace) -> [String] {
    if server.servers == 1 { return [] }
    if server.engines == 1 {
      return ["--data-parallel-rank", "\(server.number)", "--data-parallel-external-lb"]
    }
    return [
      "--data-parallel-size-local", "\(server.engines)",
      "--data-parallel-start-rank", "\(server.number * server.engines)", "--data-parallel-hybrid-lb",
    ]
  }

  /// `CUDA_VISIBLE_DEVICES` of the rank that is the `place`-th on its machine.
  ///
  /// - Returns: nil when the manifest names fewer devices than that takes.
  public static func visibleDevices(place: Int, perRank: Int, of devices: [String]?) -> String? {
    let range = place * perRank..<(place + 1) * perRank
    guard let devices else { return range.map(String.init).joined(separator: ",") }
    guard range.upperBound <= devices.count else { return nil }
    return devices[range].joined(separator: ",")
  }

  /// The devices of the ranks at `places`, one by one; those that the manifest names too few for have none.
  public func visibleDevices(of places: [Int]) -> [String] {
    places.flatMap { place in
      let names = Self.visibleDevices(place: place, perRank: devicesPerRank, of: devices) ?? ""
      return names.split(separator: ",").map(String.init)
    }
  }
}
