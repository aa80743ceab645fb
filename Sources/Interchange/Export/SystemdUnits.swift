import Manifest

/// systemd units: one for each rank, a target for each group that stops and starts them together, one for the proxy.
struct SystemdUnits {
  private let plan: ServePlan
  private let name: String

  init(_ plan: ServePlan) {
    self.plan = plan
    name = plan.manifest.name
  }

  func files(_ remarks: [Diagnostic]) -> [Rendition.File] {
    (0..<plan.nodes).flatMap { node in files(of: node, remarks) }
  }

  private func files(of node: Int, _ remarks: [Diagnostic]) -> [Rendition.File] {
    let folder = plan.nodes > 1 ? "node-\(node)/" : ""
    let ranks = plan.ranks.filter { $0.node == node }
    let groups = Set(ranks.map(\.group)).sorted()
    var files = [Rendition.File("\(folder)\(name).target", application(node, groups, remarks))]
    for group in groups {
      let members = ranks.filter { $0.group == group }
      files.append(Rendition.File("\(folder)\(target(group))", groupTarget(group, members)))
      files.append(Rendition.File("\(folder)\(name)-group\(group)-restart.service", restart(group)))
    }
    for rank in ranks {
      files.append(Rendition.File("\(folder)\(name)-\(rank.name).service", service(rank)))
    }
    return node == 0 ? files + front(folder) : files
  }

  private func target(_ group: Int) -> String { "\(name)-group\(group).target" }

  private func application(_ node: Int, _ groups: [Int], _ remarks: [Diagnostic]) -> String {
    let usage = """
      Copy these units to /etc/systemd/system\(plan.nodes > 1 ? " of each node" : "") and \(name).haproxy.cfg to \
      /etc/dpdeploy, then: systemctl daemon-reload && systemctl enable --now \(name).target
      """
    let wants = groups.map(target) + (node == 0 ? ["\(name)-front.service"] : [])
    return YAMLText.comment(plan.header("units", usage, remarks)).map { $0 + "\n" }.joined() + """
      [Unit]
      Description=\(name)
      Wants=\(wants.joined(separator: " "))

      [Install]
      WantedBy=multi-user.target

      """
  }

  private func groupTarget(_ group: Int, _ ranks: [ServePlan.Rank]) -> String {
    """
    # Stopping or restarting it does the same to every rank of the group on this machine.
    [Unit]
    Description=Ranks of \(name), group \(group)
    Wants=\(ranks.map { "\(name)-\($0.name).service" }.joined(separator: " "))
    PartOf=\(name).target

    """
  }

  private func restart(_ group: Int) -> String {
    let others = Set(plan.ranks.filter { $0.group == group }.map(\.node)).count > 1
    return """
      # Started by a rank that failed: no rank of vLLM can rejoin a group that lives, so the whole group restarts.
      \(others ? "# It restarts the ranks of this machine; those of the other nodes fail with them, and restart likewise.\n" : "")\
      [Unit]
      Description=Restart of \(name), group \(group)
      StartLimitIntervalSec=600
      StartLimitBurst=5

      [Service]
      Type=oneshot
      ExecStart=/usr/bin/systemctl restart \(target(group))

      """
  }

  private func service(_ rank: ServePlan.Rank) -> String {
    let secrets =
      plan.secrets.isEmpty
      ? ""
      : "# A file of mode 0600 with \(plan.secrets.map { "\($0)=…" }.joined(separator: ", ")).\n"
        + "EnvironmentFile=/etc/dpdeploy/\(name).env\n"
    let variables = (plan.variables + [("CUDA_VISIBLE_DEVICES", rank.devices)]).map {
      "Environment=\(assignment($0.0, $0.1))\n"
    }.joined()
    let command = ([plan.executable] + plan.arguments + rank.arguments).map(CommandWords.systemd)
    return """
      [Unit]
      Description=\(name), group \(rank.group), rank \(rank.number)
      PartOf=\(target(rank.group))
      OnFailure=\(name)-group\(rank.group)-restart.service
      Wants=network-online.target
      After=network-online.target

      [Service]
      \(secrets)\(variables)\
      ExecStart=/usr/bin/env \(command.joined(separator: " "))
      # The engine's processes are the server's children; all of them end with it.
      KillMode=mixed
      TimeoutStopSec=\(plan.drainSeconds + 10)
      LimitMEMLOCK=infinity
      LimitNOFILE=65536

      """
  }

  private func front(_ folder: String) -> [Rendition.File] {
    let proxy = ProxyConfiguration(plan: plan)
    let unit = """
      [Unit]
      Description=The port of \(name)
      PartOf=\(name).target

      [Service]
      ExecStart=/usr/sbin/haproxy -db -f /etc/dpdeploy/\(proxy.name)
      ExecReload=/bin/kill -USR2 $MAINPID
      Restart=always
      LimitNOFILE=65536

      """
    return [
      Rendition.File("\(folder)\(name)-front.service", unit), Rendition.File(folder + proxy.name, proxy.text),
    ]
  }

  /// `NAME=value` as one word; no `$` is expanded here, but `%` is.
  private func assignment(_ name: String, _ value: String) -> String {
    let escaped = value.map { character in
      switch character {
      case "%": "%%"
      case "\\", "\"": "\\\(character)"
      default: String(character)
      }
    }.joined()
    return "\"\(name)=\(escaped)\""
  }
}
