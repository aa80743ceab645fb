import ControlAPI
import Deployment
import Manifest
import Terminal

/// A manifest as text: its errors and what it would start, the file, what it changes, and what came before.
enum ManifestText {
  typealias Line = TextScreens.Line

  static func lines(_ state: ConsoleState, width: Int) -> [Line] {
    switch state.pages.page {
    case .plan: overview(state, width: width)
    case .text: source(state)
    case .diff: ManifestDiff.lines(state)
    case .history: ManifestHistory.lines(state)
    }
  }

  private static func source(_ state: ConsoleState) -> [Line] {
    guard let text = state.manifest?.clearText else {
      return [Line("the text is shown once the file has no errors, so that no secret is", .faint)]
    }
    let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
    let digits = String(rows.count).count
    return rows.enumerated().map { index, row in
      let number = String(index + 1)
      let padded = String(repeating: " ", count: digits - number.count) + number
      let comment = row.firstIndex(of: "#").map { row[$0...] } ?? ""
      let code = row.dropLast(comment.count)
      let key = code.firstIndex(of: ":").map { code[...$0] } ?? ""
      return Line([
        (padded + "  ", .faint), (String(key), .key), (String(code.dropFirst(key.count)), .text),
        (String(comment), .faint),
      ])
    }
  }

  private static func overview(_ state: ConsoleState, width: Int) -> [Line] {
    guard let entry = state.manifest else {
      return [Line(state.hasManifests ? "no manifest here; give one: dptop MANIFEST" : "reading …", .faint)]
    }
    var lines = [Line(standing(entry, state), entry.hasErrors ? .critical : .ok), Line()]
    if let manifest = entry.manifest { lines += plan(manifest, entry) }
    for remark in entry.remarks { lines += wrapped(remark, width) }
    return lines
  }

  private static func standing(_ entry: ManifestEntry, _ state: ConsoleState) -> String {
    guard let name = entry.name else { return "✖ cannot be used; it is read again when the file changes" }
    guard let running = state.shown.application(name) else { return "● ready: a launches \(name)" }
    return "● \(name) runs as revision \(running.revision): a applies the file over it"
  }

  /// A remark's line; prose is wrapped, an excerpt of the file is not.
  private static func wrapped(_ remark: ManifestEntry.Remark, _ width: Int) -> [Line] {
    let line = remark.line
    let isExcerpt = line.contains(" | ") || line.hasSuffix(" |") || CharacterWidth.cells(of: line) <= width
    if isExcerpt { return [Line(line, role(remark))] }
    let indent = String(repeating: " ", count: min(8, line.prefix { $0 == " " }.count))
    let parts = WordWrap.lines(line, width: width - indent.count - 2)
    return parts.enumerated().map { index, part in
      Line(indent + (index == 0 ? "" : "  ") + part, role(remark))
    }
  }

  private static func role(_ remark: ManifestEntry.Remark) -> TextScreens.Role {
    guard remark.line.hasPrefix(remark.severity.rawValue) else { return .text }
    return remark.severity == .error ? .critical : remark.severity == .warning ? .warning : .info
  }

  private static func plan(_ manifest: Manifest, _ entry: ManifestEntry) -> [Line] {
    let layout = manifest.parallelism
    let ingress = manifest.ingressReplicas
    let count =
      ingress.minimum == ingress.maximum ? "\(ingress.minimum)" : "\(ingress.minimum) to \(ingress.maximum)"
    let bounds = manifest.groups
    let groups =
      bounds.minimum < bounds.maximum
      ? "\(bounds.minimum) to \(bounds.maximum) groups"
      : layout.groups == 1 ? "1 group" : "\(layout.groups) groups"
    var lines = [
      row("model", "\(manifest.model.id)  from \(manifest.model.source)"),
      row("engine", "\(manifest.engine.rawValue) on backend \(manifest.backend.rawValue)"),
      row("ranks", "\(groups) of \(layout.size), \(layout.sizePerNode) a node; \(layout.mostRanks) in all"),
      row(
        "batch",
        "\(manifest.engineArguments.maxNumSeqs) requests and \(manifest.engineArguments.maxNumBatchedTokens) tokens a rank"
      ),
      row(
        "ingress",
        "\(count) × on \(manifest.ingress.host):\(manifest.ingress.port), \(manifest.ingress.policy.rawValue)"
      ),
      Line(), Line("ranks on nodes", .strong),
    ]
    lines += placement(entry)
    lines += [Line(), Line("environment", .strong)]
    lines += manifest.environment.isEmpty ? [Line("  none", .faint)] : []
    lines += manifest.environment.map { Line([("  \($0.name)=", .key), ($0.display, .text)]) }
    return lines + [Line()]
  }

  private static func row(_ name: String, _ value: String) -> Line {
    Line([("  " + name + String(repeating: " ", count: max(1, 10 - name.count)), .key), (value, .text)])
  }

  private static func placement(_ entry: ManifestEntry) -> [Line] {
    switch entry.placement {
    case .failure(let error): return [Line("  ✖ " + error.description, .critical)]
    case nil: return []
    case .success(let assignment):
      return assignment.nodes.enumerated().flatMap { group, nodes in
        blocks(nodes).map { block in
          let ranks =
            block.ranks.count == 1
            ? "rank \(block.ranks.lowerBound)"
            : "ranks \(block.ranks.lowerBound)–\(block.ranks.upperBound - 1)"
          return Line([("  group \(group)  ", .faint), ("node\(block.node)", .key), ("  \(ranks)", .text)])
        }
      }
    }
  }

  /// Neighbouring ranks of one node together.
  private static func blocks(_ nodes: [Int]) -> [(node: Int, ranks: Range<Int>)] {
    var blocks: [(node: Int, ranks: Range<Int>)] = []
    for (rank, node) in nodes.enumerated() {
      if let last = blocks.last, last.node == node {
        blocks[blocks.count - 1].ranks = last.ranks.lowerBound..<(rank + 1)
      } else {
        blocks.append((node, rank..<(rank + 1)))
      }
    }
    return blocks
  }
}
