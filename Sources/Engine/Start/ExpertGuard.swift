import ExpertParallel
import Glibc
import Model
import Platform

/// Makes the weights of other ranks' experts unreadable: a rank that computes one of them faults, instead of giving a
/// right answer for the wrong reason.
enum ExpertGuard {
  /// Closes all whole pages of the experts that `rank` does not own.
  static func close(_ bank: ExpertBank, _ placement: ExpertPlacement, rank: Int) throws(EngineError) {
    var bytes = 0
    for layer in 0..<bank.moeLayerCount {
      for expert in 0..<bank.shape.count where placement.owner(of: expert) != rank {
        for pages in bank.pages(moeLayer: layer, expert: expert) {
          guard mprotect(UnsafeMutableRawPointer(mutating: pages.baseAddress), pages.count, PROT_NONE) == 0
          else {
            throw .system(SystemError(call: "mprotect", code: errno).description)
          }
          bytes += pages.count
        }
      }
    }
    ProcessLog.write("made \(bytes) bytes of other ranks' experts unreadable")
  }
}
