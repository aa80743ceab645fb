import Manifest

/// A shell script that runs the ranks of a node, and ends them all when one ends.
struct ShellScript {
  private let plan: ServePlan

  init(_ plan: ServePlan) { self.plan = plan }

  func files(_ remarks: [Diagnostic]) -> [Rendition.File] {
    let proxy = ProxyConfiguration(plan: plan)
    return [
      Rendition.File("\(plan.manifest.name).sh", script(remarks, proxy), isExecutable: true),
      Rendition.File(proxy.name, proxy.text),
    ]
  }

  private func script(_ remarks: [Diagnostic], _ proxy: ProxyConfiguration) -> String {
    let usage =
      plan.nodes > 1
      ? "Run it on every node with the node's number: NODE=1 ./\(plan.manifest.name).sh"
      : "Run it: ./\(plan.manifest.name).sh"
    var lines = ["#!/bin/bash"]
    lines += YAMLText.comment(plan.header("ranks and their proxy", usage, remarks))
    lines += ["set -euo pipefail", "cd \"$(dirname \"$0\")\"", ""]
    lines += variables
    lines += ["# What all ranks have in common.", "common=(", "  \(words(plan.arguments))", ")", ""]
    lines += [
      "# A rank of vLLM cannot rejoin a group that lives: when one process ends, all do.",
      "trap 'trap - EXIT; kill 0; wait' EXIT INT TERM", "",
    ]
    lines += start(proxy)
    lines += ["", "wait -n", "echo 'a process ended, so all do' >&2", "exit 1"]
    return lines.joined(separator: "\n") + "\n"
  }

  private var variables: [String] {
    plan.secrets.map { "export \($0)=\"${\($0):?is a secret, which is not in this file: set it first}\"" }
      + plan.variables.map { "export \($0.name)=\(CommandWords.shell($0.value))" }
      + (plan.secrets.isEmpty && plan.variables.isEmpty ? [] : [""])
  }

  private func start(_ proxy: ProxyConfiguration) -> [String] {
    let byNode = (0..<plan.nodes).map { node in
      plan.ranks.filter { $0.node == node }.map(command)
        + (node == 0 ? ["haproxy -db -f \(proxy.name) &"] : [])
    }
    guard plan.nodes > 1 else { return byNode[0] }
    let cases = byNode.enumerated().flatMap { node, commands in
      ["  \(node))"] + commands.map { "    \($0)" } + ["    ;;"]
    }
    return ["case ${NODE:?says which node this is, from 0 to \(plan.nodes - 1)} in"] + cases
      + ["  *) echo \"there is no node $NODE\" >&2; exit 2 ;;", "esac"]
  }

  private func command(_ rank: ServePlan.Rank) -> String {
    "CUDA_VISIBLE_DEVICES=\(rank.devices) \(CommandWords.shell(plan.executable)) \"${common[@]}\" "
      + "\(words(rank.arguments)) &"
  }

  private func words(_ words: [String]) -> String { words.map(CommandWords.shell).joined(separator: " ") }
}
