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
  }
}
