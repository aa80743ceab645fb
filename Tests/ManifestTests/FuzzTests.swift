import Randomness
import Testing

@testable import Manifest

@Suite struct `Any text` {
  static let fragments = [
    "[", "]", "{", "}", ":", "- ", "&a ", "*a", "<<: *a\n", "\t", "\"", "'", "|\n", "#", "---\n", "...\n",
    "!!str ",
    "~", "\u{0}", "\u{feff}", "\u{1f600}", "?", "0o17", "1e999", "99999999999999999999", "-1", "%YAML 1.3\n",
    "\r\n",
    ".nan", "name: x\n", "applications: [{import_path: \"a:build_dp_openai_app\", args: {}}]\n",
  ]

  static func mutate(_ text: String, _ random: inout SplitMix) -> String {
    var scalars = Array(text.unicodeScalars)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0...scalars.count, using: &random)
      let end = min(scalars.count, place + Int.random(in: 0...40, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: scalars.removeSubrange(place..<end)
      case 1:
        scalars.insert(contentsOf: (fragments.randomElement(using: &random) ?? "").unicodeScalars, at: place)
      case 2:
        scalars.insert(
          contentsOf: scalars[place..<end], at: Int.random(in: 0...scalars.count, using: &random))
      case 3: scalars.insert(contentsOf: Array(repeating: "[", count: 60), at: place)
      default:
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x300, using: &random)) {
          scalars.insert(scalar, at: place)
        }
      }
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  @Test func `is read or refused with a place inside it, and never ends the process`() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(seed: seed)
    let samples = try ["quickstart", "deepseek-v3-16dp"].map { try contents("manifests/\($0).yaml") }
    var accepted = 0
    for round in 0..<1500 {
      let text = Self.mutate(samples[round % samples.count], &random)
      let reading = read(text)
      let errors = reading.diagnostics.filter { $0.severity == .error }
      #expect(errors.isEmpty == (reading.manifest != nil), "seed \(seed), round \(round)")
      let lines = reading.source.lines.count
      #expect(
        reading.diagnostics.allSatisfy { ($0.span?.line ?? 1) <= lines + 1 && ($0.span?.column ?? 1) >= 1 },
        "seed \(seed), round \(round)")
      guard let manifest = reading.manifest else { continue }
      accepted += 1
      let again = read(manifest.canonicalText(secrets: .included)).manifest
      #expect(again == manifest, "seed \(seed), round \(round)")
    }
    #expect(accepted > 0, "seed \(seed): no mutant was valid, so nothing of the second half was tested")
  }

  @Test func `of random bytes is refused`() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(seed: seed)
    for round in 0..<300 {
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      switch ManifestSource.decoding(bytes, name: "m") {
      case .success(let source): #expect(Manifest.read(source).hasErrors, "seed \(seed), round \(round)")
      case .failure(let diagnostic): #expect(diagnostic.code == .notUTF8, "seed \(seed), round \(round)")
      }
    }
  }

  @Test func `with a control character is refused where that is, however its lines end`() {
    for end in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}"] {
      #expect(places("a: b\(end)h\u{f6}: \u{0}") == ["2:5 yaml-syntax"], "\(end.debugDescription)")
    }
  }

  @Test func `that is not UTF-8 is refused where it stops being so`() {
    guard
      case .failure(let diagnostic) = ManifestSource.decoding(
        Array("a: b\nh\u{f6}: ".utf8) + [0xff], name: "m")
    else {
      Issue.record("accepted")
      return
    }
    #expect(diagnostic.span == SourceSpan(line: 2, column: 5))
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A bomb` {
  @Test func `of aliases of aliases is refused`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<30 {
      text +=
        "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    #expect(places(text).last?.hasSuffix("too-large") == true)
  }

  @Test func `of brackets is refused`() {
    #expect(places("a: " + String(repeating: "[", count: 100_000)) == ["1:52 too-large"])
    #expect(places("a: " + String(repeating: "{b: ", count: 100_000)).first?.hasSuffix("too-large") == true)
  }

  @Test func `of a long file is refused unread`() {
    #expect(places(String(repeating: "# comment\n", count: 200_000)) == ["- too-large"])
  }

  @Test func `of many keys is refused`() {
    let text = (0..<30_000).map { "k\($0): 1\n" }.joined()
    #expect(places(text).last?.hasSuffix("too-large") == true)
  }

  @Test func `of aliases that stay small is no bomb`() throws {
    let text = """
      x-: &replicas {min_replicas: 2, max_replicas: 2}
      name: a
      llm_config: {model_loading_config: {model_id: m}}
      ingress_deployment_config:
        autoscaling_config: {<<: *replicas, max_replicas: 3}
      """
    let diagnostics = read(text).diagnostics
    #expect(diagnostics.map(\.code) == [.unknownKey])
  }
}
