import Testing

@testable import CommandLine

private let serve = CommandDescription(
  "tool serve", "Serve a model.",
  operands: [OperandDescription("MODEL", "The model."), OperandDescription("EXTRA", "More.", 0...2)],
  options: [
    OptionDescription("port", short: "p", .value("PORT"), "The port.", fallback: "8000"),
    OptionDescription("policy", .value("NAME"), "The policy.", choices: ["power_of_two", "round_robin"]),
    OptionDescription("rank", .repeated("URL"), "A rank."),
    OptionDescription("verbose", short: "v", .flag, "Say more."),
    OptionDescription("quiet", short: "q", .flag, "Say less."),
    OptionDescription("cache", .toggle, "Keep prefixes."),
  ])

private func parse(_ line: String) throws -> ParsedArguments {
  guard case .run(let arguments) = try serve.parse(line.split(separator: " ").map(String.init)) else {
    throw UsageError("asked for help")
  }
  return arguments
}

@Suite struct `Command lines` {
  @Test(arguments: ["m --port 80", "m --port=80", "m -p 80", "m -p80", "-p=80 m", "--port 80 -- m"])
  func `take a value in every usual spelling`(line: String) throws {
    let arguments = try parse(line)
    #expect(try arguments.integer("port", in: 0...65_535) == 80)
    #expect(arguments.operands == ["m"])
  }

  @Test func `join switches, and let toggles be taken back`() throws {
    let arguments = try parse("-vq m --cache --no-cache")
    #expect(arguments.flag("verbose") && arguments.flag("quiet"))
    #expect(arguments.toggle("cache") == false)
    #expect(try parse("m").toggle("cache") == nil)
  }

  @Test func `keep every value of a repeated option, and words after two dashes`() throws {
    let arguments = try parse("--rank a --rank b m -- --rank")
    #expect(arguments.allValues("rank") == ["a", "b"])
    #expect(arguments.operands == ["m", "--rank"])
  }

  @Test func `take negative numbers for values and operands`() throws {
    #expect(try parse("m --port -1").integer("port") == -1)
    #expect(try parse("-1").operands == ["-1"])
  }

  static let wrong: [(line: String, message: String, help: String?)] = [
    ("m --prot 80", "unknown option `--prot`", "did you mean `--port`?"),
    ("m -x", "unknown option `-x`", nil),
    ("m --port", "--port needs a value", "--port takes PORT: The port."),
    ("m --port --verbose", "--port needs a value", "--port takes PORT: The port."),
    ("m --port 1 --port 2", "--port is given twice", nil),
    ("m --verbose=1", "--verbose takes no value", nil),
    ("m --policy power-of-two", "--policy cannot be `power-of-two`", "did you mean `power_of_two`?"),
    ("m --policy magic", "--policy cannot be `magic`", "write one of power_of_two, round_robin"),
    ("", "MODEL is missing", "usage: tool serve [OPTIONS] MODEL [EXTRA...]"),
    ("a b c d", "unexpected `d`", "usage: tool serve [OPTIONS] MODEL [EXTRA...]"),
  ]

  @Test(arguments: wrong) func `that are wrong say what to write`(
    line: String, message: String, help: String?
  ) {
    #expect(throws: UsageError(message, help: help)) { try parse(line) }
  }

  @Test func `give numbers and times only within their bounds`() throws {
    let arguments = try parse("m --port 70000")
    #expect(throws: UsageError.self) { try arguments.integer("port", in: 0...65_535) }
    for (text, seconds) in [
      ("90", 90), ("1.5s", 1.5), ("500ms", 0.5), ("2m", 120), ("1h", 3600), ("30d", 2_592_000),
    ] {
      #expect(try parse("m --port \(text)").seconds("port") == seconds)
    }
    for text in ["soon", "-3s", "s", "1e3", "inf"] {
      #expect(throws: UsageError.self) { try parse("m --port \(text)").seconds("port") }
    }
  }

  @Test func `ask for help wherever it stands`() throws {
    #expect(try serve.parse(["--port", "80", "--help"]) == .help)
    #expect(try serve.parse(["-h"]) == .help)
  }
}

@Suite struct `A tool with subcommands` {
  static let set = CommandSet(
    "tool", "A tool.",
    commands: [
      serve, CommandDescription("tool daemon start", "Start."),
      CommandDescription("tool daemon stop", "Stop."),
    ])

  @Test func `chooses the longest name that matches`() throws {
    #expect(try Self.set.choose(["daemon", "stop", "x"]) == .command(2, rest: ["x"]))
    #expect(try Self.set.choose(["serve", "--port", "1"]) == .command(0, rest: ["--port", "1"]))
    #expect(try Self.set.choose(["help", "serve"]) == .helpOf(0))
    #expect(try Self.set.choose([]) == .help)
    #expect(try Self.set.choose(["--version"]) == .version)
  }

  @Test func `suggests the command that was meant`() {
    #expect(throws: UsageError("unknown command `sreve`", help: "did you mean `serve`?")) {
      try Self.set.choose(["sreve"])
    }
    #expect(throws: UsageError("`tool daemon` needs one of start, stop")) {
      try Self.set.choose(["daemon", "up"])
    }
  }

  @Test func `lists its commands and what exit statuses mean`() {
    let text = Self.set.helpText(style: .plain)
    #expect(text.contains("  daemon start  Start."))
    #expect(text.contains("  3    the manifest is wrong"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }
}

@Suite struct `Help` {
  @Test func `shows usage, arguments and options in columns of 80 cells`() {
    let expected = """
      Serve a model.

      Usage: tool serve [OPTIONS] MODEL [EXTRA...]

      Arguments:
        MODEL  The model.
        EXTRA  More.

      Options:
        -p, --port PORT  The port. Default: 8000.
        --policy NAME    The policy. One of power_of_two, round_robin.
        --rank URL       A rank.
        -v, --verbose    Say more.
        -q, --quiet      Say less.
        --[no-]cache     Keep prefixes.
        -h, --help       Show this help.

      """
    #expect(serve.helpText(style: .plain) == expected)
  }
}
