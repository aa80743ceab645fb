import Glibc
import Platform

/// A plain thread that runs one closure.
enum ComputeThread {
  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread called `name` that runs `body` to its end.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(EngineError) {
    let job = Job {
      Processor.nameThread(name)
      // What computes for milliseconds must not keep waiting what relays a token in microseconds.
      Processor.lowerThreadPriority(by: 5)
      body()
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(job)
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw .system(SystemError(call: "pthread_create", code: code).description)
    }
    pthread_detach(thread)
  }
}
