import Deployment
import Manifest
import VLLM

extension ApplicationSpec {
  /// The pure image of a manifest whose ranks are `vllm serve`.
  init(
    _ manifest: Manifest, _ command: ServeCommand, _ program: VLLMProgram, keysFile: String?,
    front: FrontSpec?
  ) {
    self.init(manifest, modelFolder: "", keysFile: keysFile, front: front)
    engine.arguments = command.arguments
    engine.environment = command.environment
    engine.recovers = false
    engine.program = .vllm(program)
    gather(program.engines)
  }

  /// Counts servers in the place of engines, `engines` of which are behind each: to the ingress, and to whoever starts
  /// and watches processes, such a server is one rank with that much more room.
  private mutating func gather(_ engines: Int) {
    engine.size /= engines
    engine.sizePerNode = max(1, engine.sizePerNode / engines)
    engine.capacity *= engines
    cluster.devicesPerNode /= engines
    groupScaling?.targetOngoingRequests *= Double(engines)
  }
}
