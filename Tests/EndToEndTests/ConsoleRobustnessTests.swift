import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// dptop on pseudo-terminals of every kind, before a scripted controller.
  @Suite @Loop struct `dptop on any terminal` {
    @Test func `starts under every name that terminfo knows, and leaves each as it was`() async throws {
      try await check("every_terminal")
    }

    @Test func `writes what the locale can, and colour where it is wanted`() async throws {
      try await check("every_locale")
    }

    @Test func `follows windows of any size, however fast they change`() async throws {
      try await check("every_size")
    }

    @Test func `gives the terminal back while it is stopped, and takes it again`() async throws {
      try await check("stopped_and_continued")
    }

    @Test func `ends in order by any signal, and with its terminal`() async throws {
      try await check("signals")
    }

    @Test func `answers keys while its controller hangs, goes and comes back`() async throws {
      try await check("any_controller")
    }

    @Test func `shows latencies of attached pages, and answers keys while they hang`() async throws {
      try await check("attached_pages")
    }

    @Test func `rings, shows and runs a command when a hint begins`() async throws {
      try await check("alerts")
    }

    @Test(.needsPrometheus)
    func `shows engines as Prometheus has them, with their age, and what is wrong with it`()
      async throws
    {
      try await run("through_prometheus.py")
    }

    @Test func `takes megabytes of garbage for what they are, and then hears the next key`() async throws {
      try await check("garbage")
    }

    @Test func `prints each screen as text, in colour and as a picture, and the status as JSON`() async throws
    {
      try await run("printing.py", "every_format")
    }

    @Test func `records a session with its looks, and shows it again by itself`() async throws {
      try await run("printing.py", "recorded_and_replayed")
    }

    @Test func `lives on, shows something and hears the next key after every key on every screen`()
      async throws
    {
      try await run("every_key.py")
    }

    private func check(_ name: String) async throws { try await run("robustness.py", name) }

    private func run(_ script: String, _ words: String...) async throws {
      var template = Array("/tmp/dpt-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      defer { rmdir(folder) }
      let runner = Runner(folder: folder, environment: Environment.all)
      let words = ["\(Tools.tests)/console/\(script)", Tools.path(of: "dptop")] + words
      let run = try await runner.run("/usr/bin/env", ["python3", "-B"] + words, within: .seconds(60))
      #expect(run.ended(with: 0), "\(run)")
    }
  }
}
