extension CommandDescription {
  /// The command line in short: `dpdeploy validate [OPTIONS] MANIFEST...`.
  public var usage: String {
    let words = operands.map { operand in
      let several = operand.count.upperBound > 1 ? operand.name + "..." : operand.name
      return operand.count.lowerBound == 0 ? "[\(several)]" : several
    }
    return ([name, "[OPTIONS]"] + words).joined(separator: " ")
  }

  /// The text of `--help`: what it does, how to call it, examples to learn from, every option.
  public func helpText(style: Style, width: Int = 80) -> String {
    var parts = [summary, style.bold("Usage: ") + usage]
    if !discussion.isEmpty { parts.append(TextWrap.paragraphs(discussion, width: width)) }
    if !examples.isEmpty {
      let lines = examples.map { "  \(style.cyan($0.line))\n      \($0.effect)" }
      parts.append(style.bold("Examples:") + "\n" + lines.joined(separator: "\n"))
    }
    if !operands.isEmpty {
      let rows = operands.map { ($0.name, $0.fullSummary) }
      parts.append(style.bold("Arguments:") + "\n" + Self.columns(rows, style, width))
    }
    let rows = options.map { ($0.syntax, $0.fullSummary) }
    parts.append(style.bold("Options:") + "\n" + Self.columns(rows, style, width))
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// Two columns: names left, wrapped summaries right.
  static func columns(_ rows: [(String, String)], _ style: Style, _ width: Int) -> String {
    let left = min(30, (rows.map(\.0.count).max() ?? 0) + 4)
    return rows.map { name, summary in
      let lines = TextWrap.lines(summary, width: max(20, width - left))
      let padding = String(repeating: " ", count: max(0, left - 2 - name.count))
      let rest = lines.dropFirst().map { String(repeating: " ", count: left) + $0 }
      if name.count > left - 4 {
        return (["  " + style.cyan(name)] + lines.map { String(repeating: " ", count: left) + $0 })
          .joined(separator: "\n")
      }
      return (["  " + style.cyan(name) + padding + (lines.first ?? "")] + rest).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension OptionDescription {
  /// `-n, --name VALUE`.
  var syntax: String {
    let long = form == .toggle ? "--[no-]\(name)" : "--\(name)"
    let value =
      switch form {
      case .flag, .toggle: ""
      case .openFlag(let word): "[=\(word)]"
      case .value(let word), .repeated(let word): " " + word
      }
    return (short.map { "-\($0), " } ?? "") + long + value
  }

  var fullSummary: String {
    var text = summary
    if !choices.isEmpty { text += " One of \(choices.joined(separator: ", "))." }
    if let fallback { text += " Default: \(fallback)." }
    return text
  }
}
