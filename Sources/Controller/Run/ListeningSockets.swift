import ControlAPI
import Deployment
import Glibc
import Platform
import Supervision

/// The sockets that an application's ingress replicas accept on: the controller's, so that a replica's death refuses
/// nobody.
@Loop
final class ListeningSockets {
  private final class Socket {
    let descriptor: FileDescriptor
    let port: Int

    init(_ descriptor: consuming FileDescriptor, port: Int) {
      self.descriptor = descriptor
      self.port = port
    }
  }

  private struct Address: Hashable {
    let host: String
    let port: Int

    init(_ spec: IngressSpec) { (host, port) = (spec.host, spec.port) }
  }

  private var sockets: [Address: Socket] = [:]

  /// Binds the address of `spec`, unless it is bound.
  ///
  /// - Parameter preferred: the port to take again where any may be taken; 0 for none.
  /// - Throws: `port-in-use` with the holder.
  func open(_ spec: IngressSpec, preferred: Int = 0) throws(ControlError) {
    let address = Address(spec)
    guard sockets[address] == nil else { return }
    if spec.port == 0, preferred > 0, let again = try? Self.bind(spec.host, preferred) {
      sockets[address] = again
      return
    }
    do { sockets[address] = try Self.bind(spec.host, spec.port) } catch { throw Self.refusal(error, spec) }
  }

  /// Takes over the socket that a living replica of `spec` accepts on; false when it is none.
  func adopt(_ spec: IngressSpec, _ descriptor: consuming FileDescriptor) -> Bool {
    guard sockets[Address(spec)] == nil else { return true }
    guard let port = Listener.port(of: descriptor) else { return false }
    sockets[Address(spec)] = Socket(descriptor, port: Int(port))
    return true
  }

  /// The descriptor that a replica of `spec` accepts on; nil when it is not bound.
  func descriptor(for spec: IngressSpec) -> Int32? { sockets[Address(spec)]?.descriptor.raw }

  /// The port that `spec` got; nil when it is not bound.
  func port(of spec: IngressSpec) -> Int? { sockets[Address(spec)]?.port }

  /// Closes what none of `specs` needs.
  func closeAll(but specs: [IngressSpec]) {
    let needed = Set(specs.map(Address.init))
    sockets = sockets.filter { needed.contains($0.key) }
  }

  private static func bind(_ host: String, _ port: Int) throws(SystemError) -> Socket {
    let socket = try Listener.open(.tcp(host: host, port: UInt16(clamping: port)))
    let bound = Int(Listener.port(of: socket) ?? 0)
    return Socket(socket, port: bound)
  }

  private static func refusal(_ error: SystemError, _ spec: IngressSpec) -> ControlError {
    switch error.code {
    case EADDRINUSE:
      let holder = PortHolder.find(port: spec.port).map { "\($0) listens there" } ?? "somebody listens there"
      return ControlError(
        code: "port-in-use",
        message:
          "port \(spec.port) of \(spec.host) is taken: \(holder); stop it, or set ingress.port to another (0 = any free)"
      )
    case EACCES:
      return ControlError(
        code: "port-denied",
        message: "port \(spec.port) of \(spec.host) needs privileges; set ingress.port to 1024 or more")
    default:
      return ControlError(
        code: "cannot-listen", message: "ingress.host \(spec.host), port \(spec.port): \(error)")
    }
  }
}
