import Manifest
import VLLM

/// What the pods of every Kubernetes target have: variables, shared memory, a model's volume, and a fast network's needs.
struct PodParts {
  let plan: ServePlan

  init(_ plan: ServePlan) { self.plan = plan }

  /// The name of the objects.
  var name: String { plan.manifest.name }

  /// A file for `kubectl apply`: what it is and needs as a comment, then its objects.
  ///
  /// - Parameters:
  ///   - kind: the end of its name.
  ///   - engine: the software and release it is for.
  ///   - place: where the ranks stand, after their number.
  func file(
    _ kind: String, for engine: String, place: String, needs: String, use: String? = nil,
    _ objects: [YAMLText],
    _ remarks: [Diagnostic]
  ) -> Rendition.File {
    let layout = plan.manifest.parallelism
    let file = "\(name).\(kind).yaml"
    let header = [
      "\(name): made by `dpdeploy export` for \(engine).",
      "\(layout.groups) group\(layout.groups == 1 ? "" : "s") of \(layout.size) ranks\(place).",
      needs, secretAdvice, "Apply it: kubectl apply -f \(file)", use,
    ].compactMap(\.self).joined(separator: "\n")
    let comment = YAMLText.comment(header + Rendition.comment(remarks)).map { $0 + "\n" }.joined()
    return Rendition.File(file, comment + objects.map(\.document).joined(separator: "---\n"))
  }

  /// Ranks in one pod: a pod is a node's block, so that the blocks are as large as the manifest says.
  var ranks: Int { plan.manifest.parallelism.sizePerNode }

  /// Devices that one pod takes.
  var devices: Int { ranks * plan.command.devicesPerRank }

  /// Pods of one group.
  var podsOfGroup: Int { plan.manifest.parallelism.nodesPerGroup }

  /// The container's variables; secrets come from a Secret that has to be made first.
  func environment(_ first: [YAMLText] = [], withVariables: Bool = true) -> YAMLText {
    let secrets = plan.secrets.map { name -> YAMLText in
      [
        "name": .text(name),
        "valueFrom": ["secretKeyRef": ["name": .text(secretName), "key": .text(name)]],
      ]
    }
    let plain = (withVariables ? plan.variables : []) + network
    return .list(first + secrets + plain.map { Self.variable($0.name, $0.value) })
  }

  /// How the Secret is made, for a remark; nil when none is needed.
  var secretAdvice: String? {
    guard !plan.secrets.isEmpty else { return nil }
    let values = plan.secrets.map { "--from-literal=\($0)=…" }.joined(separator: " ")
    return "First: kubectl create secret generic \(secretName) \(values)"
  }

  private var secretName: String { "\(plan.manifest.name)-secrets" }

  private static func variable(_ name: String, _ value: String) -> YAMLText {
    // Kubernetes reads `$(NAME)` in values; two dollars are one.
    let parts = value.split(separator: "$(", omittingEmptySubsequences: false)
    return ["name": .text(name), "value": .text(parts.joined(separator: "$$("))]
  }

  /// Whether ranks of several pods exchange rows by RDMA.
  var needsFastNetwork: Bool {
    guard podsOfGroup > 1, let flag = plan.arguments.firstIndex(of: "--all2all-backend") else { return false }
    return plan.arguments[flag + 1].hasPrefix("deepep")
  }

  /// What DeepEP's transport between nodes is told, unless the manifest says it.
  private var network: [(name: String, value: String)] {
    guard needsFastNetwork else { return [] }
    return [
      ("NVSHMEM_REMOTE_TRANSPORT", "ibgda"), ("NVSHMEM_IB_ENABLE_IBGDA", "true"),
      ("NCCL_SOCKET_IFNAME", "eth0"), ("GLOO_SOCKET_IFNAME", "eth0"),
    ].filter { hint in !plan.variables.contains { $0.name == hint.name } }
  }

  /// Devices, and a share of the InfiniBand adapters where they are needed.
  func limits(_ more: [YAMLText.Member] = []) -> YAMLText {
    var members = more + [YAMLText.Member(key: "nvidia.com/gpu", value: .text("\(devices)"))]
    if needsFastNetwork {
      members.append(
        YAMLText.Member(
          key: "rdma/ib",
          value: .noted("The name that your RDMA device plugin gives the InfiniBand adapters.", "1")))
    }
    return .map(members)
  }

  /// Pinned memory for RDMA; nil where there is none.
  var securityContext: YAMLText? {
    needsFastNetwork ? ["capabilities": ["add": ["IPC_LOCK", "SYS_RAWIO"]]] : nil
  }

  /// Where the container sees what the volumes hold.
  var mounts: YAMLText {
    let shared: YAMLText = ["name": "shm", "mountPath": "/dev/shm"]
    guard let folder = plan.modelFolder else { return [shared] }
    return [shared, ["name": "model", "mountPath": .text(folder), "readOnly": true]]
  }

  /// Memory for what the processes of a rank share, 2 GiB each, and the model's claim when it is a folder.
  var volumes: YAMLText {
    let shared: YAMLText = [
      "name": "shm", "emptyDir": ["medium": "Memory", "sizeLimit": .text("\(2 * ranks)Gi")],
    ]
    guard plan.modelFolder != nil else { return [shared] }
    let claim: YAMLText = ["claimName": .text("\(plan.manifest.name)-model"), "readOnly": true]
    return [
      shared,
      .noted(
        "The model is a folder: make a claim of this name that holds it.",
        ["name": "model", "persistentVolumeClaim": claim]),
    ]
  }
}
