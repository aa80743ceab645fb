import Manifest
import Testing

@testable import CommandLine

private func rendered(_ text: String, style: Style = .plain) -> String {
  let reading = Manifest.read(ManifestSource(name: "m.yaml", text: text))
  return DiagnosticRenderer(style: style, source: reading.source).render(reading.diagnostics)
}

@Suite struct `Diagnostics on a terminal` {
  @Test func `have rustc's shape: place, line, carets, note and help`() {
    let text = """
      name: app
      llm_config:
        model_loading_config: {model_id: moe}
        engine_kwargs:
          data_parallel_size: 16
        experimental_configs:
          dp_size_per_node: 6
      ingress:
        prot: 80
      """
    let expected = """
      note[differs-elsewhere]: `dp_size_per_node` is honoured strictly here; current Ray accepts and ignores it
       --> m.yaml:7:5
        |
      7 |     dp_size_per_node: 6
        |     ^^^^^^^^^^^^^^^^

      error[uneven-nodes]: 16 ranks do not divide into nodes of 6: need a divisor of 16, have 6
       --> m.yaml:7:23
        |
      7 |     dp_size_per_node: 6
        |                       ^
        |
        = note: `data_parallel_size` is 16 on line 5
        = help: set `dp_size_per_node` to 4 or 8

      error[unknown-key]: unknown key `prot` in `ingress`
       --> m.yaml:9:3
        |
      9 |   prot: 80
        |   ^^^^
        |
        = help: did you mean `port`?

      2 errors, 1 note

      """
    #expect(rendered(text) == expected)
  }

  @Test func `without a place show only the file`() {
    let expected = """
      error[empty-manifest]: the manifest is empty
      --> m.yaml
       = help: start from manifests/quickstart.yaml, or see `dpdeploy explain`

      1 error

      """
    #expect(rendered("") == expected)
  }

  @Test func `put carets under wide characters and tabs`() {
    let source = ManifestSource(name: "m", text: "\t\u{65e5}\u{672c}: x")
    let remark = Diagnostic(.unknownKey, "here", file: "m", span: SourceSpan(line: 1, column: 2, length: 2))
    let lines = DiagnosticRenderer(style: .plain, source: source).render(remark).split(separator: "\n")
    #expect(lines[3] == "1 |   \u{65e5}\u{672c}: x")
    #expect(lines[4] == "  |   ^^^^")
  }

  @Test func `show the part of a long line that matters`() {
    let source = ManifestSource(
      name: "m", text: String(repeating: "a", count: 500) + " bad " + String(repeating: "z", count: 500))
    let remark = Diagnostic(.unknownKey, "here", file: "m", span: SourceSpan(line: 1, column: 502, length: 3))
    let lines = DiagnosticRenderer(style: .plain, source: source).render(remark).split(separator: "\n")
    #expect(lines[3].contains("...aaa") && lines[3].hasSuffix("..."))
    let caret = lines[4].prefix { $0 != "^" }.count
    #expect(lines[3].dropFirst(caret).hasPrefix("bad"))
  }

  @Test func `never send a file's control characters to the terminal`() {
    let text = rendered("name: \"\u{1b}[2J\"\nllm_config: {model_loading_config: {model_id: \"a\\u001b\"}}")
    #expect(!text.contains("\u{1b}"))
  }

  @Test func `never show a secret, wherever it stands`() {
    let secret = "s3cr3tvalue"
    let manifests = [
      "HF_TOKEN: {value: \(secret), secret: maybe}", "HF_TOKEN: [\(secret)]",
      "A: 1, HF_TOKEN: \"\(secret)\", A: 2",
      "X: {value: \(secret), secret: maybe}", "X: {value: \"\(secret)\\0\", secret: true}",
      "MY_PASSWORD: \(secret), DPDEPLOY_X: 1",
    ]
    for variables in manifests {
      let text = rendered(
        "name: a\nllm_config:\n  model_loading_config: {model_id: m}\n  runtime_env: {env_vars: {\(variables)}}\n"
      )
      #expect(text.contains("error"), "\(variables)")
      #expect(!text.contains(secret), "\(variables)\n\(text)")
    }
    let key = rendered(
      "name: a\nllm_config: {model_loading_config: {model_id: m}, engine_kwargs: {api_key: [\(secret)]}}")
    #expect(!key.contains(secret))
  }

  @Test func `are coloured only when asked`() {
    #expect(rendered("a: 1", style: Style(isColoured: true)).contains("\u{1b}[1;31merror"))
    #expect(!rendered("a: 1").contains("\u{1b}"))
  }

  @Test func `are one JSON object for scripts`() {
    let remark = Diagnostic(
      .unknownKey, "a \"b\"\n", file: "m", span: SourceSpan(line: 1, column: 2, length: 3), help: "h")
    #expect(
      DiagnosticJSON.object([remark]).json()
        == #"{"apiVersion":"dpdeploy/v1","kind":"Diagnostics","schemaVersion":"1.0","errors":1,"warnings":0,"#
        + #""diagnostics":[{"severity":"error","code":"unknown-key","message":"a \"b\"\n","file":"m","line":1,"#
        + #""column":2,"length":3,"note":null,"help":"h"}]}"#)
  }
}

@Suite struct `Colour` {
  static let cases: [(wish: Style.Wish, isTerminal: Bool, environment: [String: String], isColoured: Bool)] =
    [
      (.auto, true, ["TERM": "xterm"], true),
      (.auto, false, ["TERM": "xterm"], false),
      (.auto, true, ["TERM": "dumb"], false),
      (.auto, true, [:], false),
      (.auto, true, ["TERM": "xterm", "NO_COLOR": "1"], false),
      (.auto, true, ["TERM": "xterm", "NO_COLOR": ""], true),
      (.auto, false, ["CLICOLOR_FORCE": "1"], true),
      (.auto, false, ["CLICOLOR_FORCE": "0"], false),
      (.auto, false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
      (.always, false, ["NO_COLOR": "1"], true),
      (.never, true, ["TERM": "xterm", "CLICOLOR_FORCE": "1"], false),
    ]

  @Test(arguments: cases) func `follows the flag, NO_COLOR, CLICOLOR_FORCE and the terminal`(
    wish: Style.Wish, isTerminal: Bool, environment: [String: String], isColoured: Bool
  ) {
    #expect(Style.deciding(wish, isTerminal: isTerminal) { environment[$0] }.isColoured == isColoured)
  }
}

@Suite struct `Tables and progress` {
  @Test func `a table is as wide as its cells, colours and wide characters counted right`() {
    var table = TextTable(["NAME", "REQ/S"], numeric: ["REQ/S"])
    table.add(["dp0", "3"])
    table.add([Style(isColoured: true).green("\u{65e5}\u{672c}\u{8a9e}"), "1234"])
    table.add(["x"])
    let lines = table.render(style: .plain).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "NAME    REQ/S")
    #expect(lines[1] == "dp0         3")
    #expect(lines[2].hasSuffix("   1234"))
    #expect(lines[3] == "x")
  }

  @Test func `progress is rewritten on a terminal and told once elsewhere`() {
    var terminal = ProgressLine(isTerminal: true, width: 20)
    #expect(terminal.update("loading") == "\r\u{1b}[Kloading")
    #expect(terminal.update("loading") == "")
    #expect(terminal.update(String(repeating: "x", count: 40)).count == "\r\u{1b}[K".count + 19)
    #expect(terminal.finish() == "\n")
    #expect(terminal.finish() == "")
    var log = ProgressLine(isTerminal: false)
    #expect(log.update("loading") == "loading\n")
    #expect(log.update("loading") == "")
    #expect(log.finish() == "")
  }

  @Test func `a bar stays within its ends`() {
    #expect(ProgressLine.bar(0.5, cells: 4) == "[##..]")
    #expect(ProgressLine.bar(7, cells: 4) == "[####]")
    #expect(ProgressLine.bar(.nan, cells: 4) == "[....]")
  }
}
