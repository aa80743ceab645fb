/// What a manifest can be rendered as.
public enum ExportTarget: String, Sendable, CaseIterable {
  /// A shell script with one `vllm serve` for each rank.
  case vllm
  /// systemd units, one for each rank.
  case systemd
  /// A Compose file with one container for each rank.
  case compose
  /// A config file of Ray Serve.
  case ray
  /// A LeaderWorkerSet for Kubernetes.
  case lws
  /// A RayService of KubeRay.
  case kuberay

  /// What it is called in a sentence.
  var title: String {
    switch self {
    case .vllm: "a shell script"
    case .systemd: "systemd units"
    case .compose: "a Compose file"
    case .ray: "Ray Serve"
    case .lws: "a LeaderWorkerSet"
    case .kuberay: "a RayService"
    }
  }
}
