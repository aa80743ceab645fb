import CommandLine
import Manifest
import Testing

@testable import dpdeploy

/// A mistake that somebody makes on the first day, and what must be said about it.
struct Mistake: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let text: String
  /// Where, as `line:column`; empty for a command line, which is its own place.
  let place: String
  let what: String
  let cure: String

  /// In a manifest.
  init(_ name: String, _ text: String, at place: String, _ what: String, cure: String) {
    (testDescription, self.text, self.place, self.what, self.cure) = (name, text, place, what, cure)
  }
}

private let app = "name: app\nllm_config:\n  model_loading_config:\n    model_id: operator-moe\n"

@Suite struct `A newcomer` {
  static let manifests: [Mistake] = [
    .init(
      "misspells a key", app + "ingress:\n  prot: 80\n", at: "6:3", "unknown key `prot` in `ingress`",
      cure: "did you mean `port`?"),
    .init(
      "puts the port at the top", app + "port: 8000\n", at: "5:1", "unknown key `port` at the top level",
      cure: "under `ingress`"),
    .init(
      "puts an engine argument at the top", app + "data_parallel_size: 2\n", at: "5:1",
      "unknown key `data_parallel_size`",
      cure: "`data_parallel_size` belongs under `llm_config.engine_kwargs`"),
    .init(
      "writes a flag of the command line", app + "  engine_kwargs: {data-parallel-size: 2}\n", at: "5:19",
      "`data-parallel-size` is read as `data_parallel_size`", cure: "with underscores"),
    .init(
      "indents with a tab", "name: app\nllm_config:\n\tmodel_loading_config: {model_id: a}\n", at: "3:1",
      "a tab indents this line", cure: "replace the tab by two spaces"),
    .init(
      "writes a key twice", app + "name: b\n", at: "5:1", "`name` is given twice", cure: "keep one of the two"
    ),
    .init(
      "forgets the space after a colon", app + "ingress:\n  port:80\n  host: a\n", at: "7:7",
      "a `:` is not allowed here", cure: "check the indent of the line above"),
    .init(
      "forgets the colon", app + "ingress:\n  port: 80\n  host\n", at: "7:3",
      "a `:` is missing after the key",
      cure: "write `key: value`"),
    .init(
      "quotes a number", app + "ingress: {port: \"8000\"}\n", at: "5:17",
      "must be an integer, found a string",
      cure: "remove the quotes"),
    .init(
      "writes a port in the host", app + "ingress: {host: \"0.0.0.0:8000\"}\n", at: "5:17",
      "`ingress.host` must be host name or address", cure: "write `0.0.0.0`"),
    .init(
      "names the application in capitals", "name: MyApp\n" + app.dropFirst(10), at: "1:7",
      "`name` must be 1 to 40 lower-case letters", cure: "write `myapp`"),
    .init(
      "forgets the name", String(app.dropFirst(10)), at: "1:1", "`name` is missing", cure: "at the top level"),
    .init(
      "forgets the model", "name: app\nllm_config: {}\n", at: "2:1",
      "`llm_config.model_loading_config.model_id` is missing", cure: "write `model_id:"),
    .init(
      "names the model at the top", "name: app\nmodel: operator-moe\n", at: "2:1", "unknown key `model`",
      cure: "belongs under"),
    .init(
      "applies an empty file", "", at: "-", "the manifest is empty",
      cure: "start from manifests/quickstart.yaml"),
    .init(
      "applies a manifest of Kubernetes", "apiVersion: apps/v1\nkind: Deployment\n", at: "1:13",
      "`apiVersion` cannot be `apps/v1`", cure: "write `dpdeploy/v1`"),
    .init(
      "counts ingress replicas in two ways",
      app + "ingress_deployment_config:\n  num_replicas: 2\n  autoscaling_config: {min_replicas: 1}\n",
      at: "6:17",
      "exclude each other", cure: "keep `autoscaling_config`"),
    .init(
      "turns bounds upside down",
      app + "ingress_deployment_config:\n  autoscaling_config: {min_replicas: 4, max_replicas: 2}\n",
      at: "6:38",
      "`min_replicas` is 4, more than `max_replicas`, which is 2", cure: "raise `max_replicas` to 4"),
    .init(
      "has ranks that do not divide over nodes",
      app + "  engine_kwargs: {data_parallel_size: 6}\n  experimental_configs: {dp_size_per_node: 4}\n",
      at: "6:44",
      "6 ranks do not divide into nodes of 4", cure: "set `dp_size_per_node` to 3 or 6"),
    .init(
      "asks for more ranks than devices",
      app + "  engine_kwargs: {data_parallel_size: 4}\ncluster: {nodes: 1, devices: 2}\n", at: "6:18",
      "need 2 nodes, have 1", cure: "set `cluster.nodes` to 2"),
    .init(
      "has a smaller budget than batch",
      app + "  engine_kwargs: {max_num_seqs: 512, max_num_batched_tokens: 128}\n", at: "5:62",
      "need 512, have 128", cure: "raise `max_num_batched_tokens` to 512"),
    .init(
      "overlaps what does not travel",
      app + "  engine_kwargs: {enable_dbo: true, enable_expert_parallel: false}\nengine: vllm\n", at: "5:31",
      "`enable_dbo` needs `enable_expert_parallel`", cure: "remove `enable_dbo`"),
    .init(
      "wants separate prefill", app + "prefill_config: {}\n", at: "5:1",
      "`prefill_config` cannot be set here",
      cure: "use `llm_config`"),
    .init(
      "writes a choice with dashes", app + "ingress: {policy: round-robin}\n", at: "5:19",
      "cannot be `round-robin`", cure: "did you mean `round_robin`?"),
    .init(
      "lists variables as Docker does", app + "  runtime_env: {env_vars: [A=b]}\n", at: "5:27",
      "must be a mapping, found a list", cure: "write `NAME: \"value\"` below it"),
    .init(
      "sizes memory in words", app + "engine_options: {accelerator_memory: 16 gigs}\n", at: "5:38",
      "must be a size in bytes", cure: "KiB, MiB, GiB"),
    .init(
      "forgets a bracket", app + "ingress: {port: 80\n", at: "5:10", "this is never closed",
      cure: "add the missing quote or bracket"),
  ]

  static let commands: [(line: String, what: String, cure: String)] = [
    ("aply app.yaml", "unknown command `aply`", "did you mean `apply`?"),
    ("deploy app.yaml", "unknown command `deploy`", "here it is `dpdeploy apply`"),
    ("apply", "MANIFEST is missing", "usage: dpdeploy apply [OPTIONS] MANIFEST"),
    ("apply a.yaml --wiat", "unknown option `--wiat`", "did you mean `--wait`?"),
    ("apply a.yaml b.yaml", "unexpected `b.yaml`", "usage: dpdeploy apply [OPTIONS] MANIFEST"),
    ("rollout udno app", "ACTION cannot be `udno`", "did you mean `undo`?"),
    ("status -o josn", "--output cannot be `josn`", "did you mean `json`?"),
    ("status --output", "--output needs a value", "takes one of table, wide, json"),
  ]

  @Test func `can make many mistakes`() { #expect(Self.manifests.count + Self.commands.count >= 30) }

  @Test(arguments: manifests) func `is told where, what and how to mend it`(mistake: Mistake) throws {
    let said = Manifest.read(ManifestSource(name: "app.yaml", text: mistake.text)).diagnostics
    let diagnostic = try #require(said.first { $0.message.contains(mistake.what) }, "\(said)")
    #expect((diagnostic.span.map { "\($0.line):\($0.column)" } ?? "-") == mistake.place)
    #expect(diagnostic.help?.contains(mistake.cure) == true, "\(diagnostic.help ?? "no help")")
  }

  @Test(arguments: commands) func `is told what to type instead`(line: String, what: String, cure: String)
    throws
  {
    let error = try #require(throws: UsageError.self) {
      let words = line.split(separator: " ").map(String.init)
      guard case .command(let place, let rest) = try Subcommands.set.choose(words) else { return }
      _ = try Subcommands.all[place].description.parse(rest)
    }
    #expect(error.description.contains(what))
    #expect(error.help?.contains(cure) == true)
  }
}
