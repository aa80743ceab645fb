import Manifest

/// A file of several documents, as Kubernetes takes them.
struct YAMLDocuments {
  private let source: ManifestSource
  /// The lines of each document, without the mark before it.
  private let ranges: [Range<Int>]

  init(_ source: ManifestSource) {
    self.source = source
    let lines = source.lines
    let marks = lines.indices.filter { lines[$0].hasPrefix("---") }
    ranges = zip([-1] + marks, marks + [lines.count]).map { $0 + 1..<$1 }.filter { range in
      lines[range].contains { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }
    }
  }

  /// The first document that `isWanted`, with its lines where they are in the file; the others are said to be left out.
  func chosen(_ diagnostics: inout DiagnosticList, where isWanted: (YAMLNode) -> Bool) -> ManifestSource {
    guard ranges.count > 1 else { return source }
    var chosen: ManifestSource?
    var others: [YAMLNode] = []
    for range in ranges {
      let alone = only(range)
      var found = DiagnosticList(file: source.name)
      guard let root = YAMLComposer.compose(alone, &found) else { continue }
      if chosen == nil, isWanted(root) { chosen = alone } else { others.append(root) }
    }
    guard let chosen else { return source }
    for other in others {
      let kind = other["kind"]?.text ?? "document"
      let name = other["metadata"]?["name"]?.text.map { " `\($0)`" } ?? ""
      diagnostics.report(
        .notCarried, "the \(kind)\(name) is not carried over: a manifest has no such part", at: other.span)
    }
    return chosen
  }

  private func only(_ range: Range<Int>) -> ManifestSource {
    let lines = source.lines
    let text = lines.indices.map { range.contains($0) ? String(lines[$0]) : "" }.joined(separator: "\n")
    return ManifestSource(name: source.name, text: text)
  }
}
