import Testing

@testable import Manifest

@Suite struct `A model source` {
  static let cases: [(source: String, candidates: [String])] = [
    ("operator-moe", ["/opt/models/operator-moe", "/usr/share/m/operator-moe", "/srv/app/operator-moe"]),
    ("./moe", ["/srv/app/moe"]),
    ("../moe", ["/srv/moe"]),
    ("a/b", ["/srv/app/a/b"]),
    ("/abs//x/../y", ["/abs/y"]),
    ("..", ["/srv"]),
  ]

  @Test(arguments: cases) func `is a bundled model's name, or a path from the manifest's folder`(
    source: String, candidates: [String]
  ) {
    let lookup = ModelLookup(manifestFolder: "/srv/app", bundledFolders: ["/opt/models", "/usr/share/m"])
    #expect(lookup.candidates(for: source) == candidates)
  }

  @Test func `or any other file is taken from the manifest's folder`() {
    let lookup = ModelLookup(manifestFolder: "/srv/app", bundledFolders: [])
    #expect(lookup.path(of: "keys.txt") == "/srv/app/keys.txt")
    #expect(lookup.path(of: "/etc/keys") == "/etc/keys")
  }

  @Test func `is found beside an installed tool, in a checkout, and where a variable points`() {
    #expect(
      ModelLookup.bundledFolders(executable: "/usr/local/bin/dpdeploy", override: nil)
        == ["/usr/local/share/dpdeploy/models"])
    #expect(
      ModelLookup.bundledFolders(executable: "/src/x/.build/x86_64/debug/dpdeploy", override: "/m")
        == ["/m", "/src/x/.build/x86_64/share/dpdeploy/models", "/src/x/models"])
  }
}

@Suite struct `A Ray Serve config file` {
  static let config = """
    http_options:
      port: 8011
    applications:
    - name: llm-app
      route_prefix: /
      import_path: ray.serve.llm:build_dp_openai_app
      args:
        llm_config:
          model_loading_config:
            model_id: moe
          engine_kwargs:
            data_parallel_size: 4
          experimental_configs:
            dp_size_per_node: 2
        ingress_deployment_config:
          autoscaling_config:
            min_replicas: 2
            max_replicas: 2
    """

  @Test func `is read as a manifest`() throws {
    let reading = read(Self.config)
    let manifest = try #require(reading.manifest, "\(reading.diagnostics)")
    #expect(manifest.name == "llm-app")
    #expect(manifest.ingress.port == 8011)
    #expect(manifest.parallelism.nodes == 2)
    #expect(manifest.ingressReplicas.minimum == 2)
    #expect(places(Self.config) == ["5:3 no-effect", "14:9 differs-elsewhere"])
  }

  @Test func `has its errors at their own lines`() {
    let text = Self.config.replacing("data_parallel_size: 4", with: "data_parallel_sise: 4")
    #expect(places(text) == ["5:3 no-effect", "12:9 unknown-key", "14:9 differs-elsewhere"])
  }

  @Test func `of another builder, or with several applications, is told to be not read yet`() {
    #expect(
      places(Self.config.replacing("build_dp_openai_app", with: "build_openai_app")) == ["6:16 not-yet"])
    #expect(places(Self.config + "\n- name: b\n") == ["19:3 not-yet"])
    #expect(places("applications: 3\n") == ["1:15 wrong-type"])
  }
}

@Suite struct `The generated files` {
  @Test func `docs and JSON Schema are in step with the schema`() throws {
    #expect(try contents("docs/manifest.md") == MarkdownReference.text(), "run `dpdeploy explain --markdown`")
    #expect(
      try contents("schema/dpdeploy.schema.json") == JSONSchemaDocument.text(),
      "run `dpdeploy explain --json-schema`")
  }
}

@Suite struct `The schema` {
  @Test func `has one field at each path, and a sentence for each`() {
    #expect(Set(ManifestSchema.entries.map(\.path)).count == ManifestSchema.entries.count)
    #expect(
      ManifestSchema.entries.allSatisfy { $0.field.summary.hasSuffix(".") && $0.field.summary.count > 5 })
  }

  @Test func `accepts its own defaults`() {
    for entry in ManifestSchema.entries where entry.field.fallback != .null {
      var reader = SchemaReader(DiagnosticList(file: "m"))
      let node = YAMLNode(
        content: .scalar(entry.field.fallback.json().filter { $0 != "\"" }, isPlain: true),
        span: SourceSpan(line: 1, column: 1), weight: 1)
      #expect(reader.convert(node, entry.field, path: entry.path) == entry.field.fallback, "\(entry.path)")
    }
  }

  @Test func `explains every field and known variable`() throws {
    for entry in ManifestSchema.entries {
      let explanation = FieldExplanation(entry)
      #expect(!explanation.facts.isEmpty || !explanation.children.isEmpty, "\(entry.path)")
    }
    #expect(
      FieldExplanation(variable: "VLLM_ALL2ALL_BACKEND")?.facts.contains { $0.text.contains("0.14.1") }
        == true)
    #expect(FieldExplanation(variable: "NO_SUCH_THING") == nil)
  }

  @Test func `knows which release of vLLM lost a variable`() {
    #expect(VLLMVariables.standing(of: "VLLM_ALL2ALL_BACKEND") == .gone(last: "0.14.1", goneBy: "0.16.0"))
    #expect(VLLMVariables.standing(of: "VLLM_MOE_DP_CHUNK_SIZE") == .gone(last: "0.18.1", goneBy: "0.20.2"))
    #expect(VLLMVariables.standing(of: "VLLM_USE_DEEP_GEMM") == .current)
    #expect(VLLMVariables.standing(of: "VLLM_NOT_A_THING") == .unknown)
  }
}

@Suite struct `Plain scalars` {
  static let cases: [(text: String, scalar: PlainScalar)] = [
    ("", .null), ("~", .null), ("null", .null), ("true", .boolean(true)), ("False", .boolean(false)),
    ("yes", .oldBoolean(true)), ("Off", .oldBoolean(false)), ("n", .oldBoolean(false)), ("nO", .text),
    ("0", .integer(0)), ("-7", .integer(-7)), ("+7", .integer(7)), ("0x1F", .integer(31)),
    ("-0x10", .integer(-16)),
    ("017", .octal(old: 15, new: 17)), ("089", .octal(old: nil, new: 89)),
    ("0o17", .octal(old: nil, new: 15)),
    ("1_000", .grouped(1000)), ("_1", .text), ("12:30", .sexagesimal(750)), ("1:2:3", .sexagesimal(3723)),
    ("12:60", .text), ("a:b", .text), ("1e3", .exponent(1000)), ("1.0e+3", .number(1000)),
    ("1.5", .number(1.5)),
    (".5", .number(0.5)), ("5.", .number(5)), ("-.5", .number(-0.5)), (".inf", .number(.infinity)),
    ("1.2.3", .text),
    ("-", .text), ("+", .text), (".", .text), ("e", .text), ("1e", .text), ("0x", .text), ("0xg", .text),
    ("99999999999999999999", .hugeInteger), ("9223372036854775807", .integer(.max)), ("infinity", .text),
    ("nan", .text),
    ("1:99999999999999999999", .text), ("--5", .text), ("0o-7", .text),
  ]

  @Test(arguments: cases) func `are what YAML 1.1 and 1.2 make of them`(text: String, scalar: PlainScalar) {
    #expect(PlainScalar(text) == scalar)
  }

  static let sizes: [(text: String, bytes: Int?)] = [
    ("1048576", 1 << 20), ("512MiB", 512 << 20), ("1.5 GB", 1_500_000_000), ("1KiB", 1024), ("0", 0),
    ("x", nil),
    ("-1", nil), ("1e3", nil), ("MiB", nil), ("1QB", nil), ("999999999TB", nil),
  ]

  @Test(arguments: sizes) func `and sizes are bytes`(text: String, bytes: Int?) {
    #expect(ByteSize.parse(text) == bytes)
  }
}
