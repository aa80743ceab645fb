import Manifest
import Testing

@testable import Interchange

@Suite struct `Files that run ranks` {
  @Test func `a script has one command for each rank of each node`() throws {
    let script = try text(Rendition(of: try manifest(variables: "A: \"it's $5\""), as: .vllm), ".sh")
    #expect(script.contains("export A='it'\\''s $5'\n"))
    #expect(
      script.contains("  1)\n    CUDA_VISIBLE_DEVICES=0 vllm \"${common[@]}\" --host 0.0.0.0 --port 8001"))
    #expect(script.split(separator: "\n").count { $0.contains("--data-parallel-rank") } == 4)
    #expect(script.contains("  serve org/moe --served-model-name moe --max-num-seqs 64"))
  }

  @Test func `units restart a group as one, and stop after its requests have had their time`() throws {
    let rendition = Rendition(of: try manifest(variables: "A: 50%"), as: .systemd)
    #expect(
      rendition.files.map(\.name) == [
        "node-0/app.target", "node-0/app-group0.target", "node-0/app-group0-restart.service",
        "node-0/app-dp0.service", "node-0/app-dp1.service", "node-0/app-front.service",
        "node-0/app.haproxy.cfg", "node-1/app.target", "node-1/app-group0.target",
        "node-1/app-group0-restart.service", "node-1/app-dp2.service", "node-1/app-dp3.service",
      ])
    let unit = try text(rendition, "app-dp3.service")
    for line in [
      "PartOf=app-group0.target", "OnFailure=app-group0-restart.service", "Environment=\"A=50%%\"",
      "Environment=\"CUDA_VISIBLE_DEVICES=1\"", "TimeoutStopSec=30",
    ] { #expect(unit.contains("\n\(line)\n"), "\(line)") }
    #expect(try text(rendition, "app-group0-restart.service").contains("systemctl restart app-group0.target"))
    let group = try text(rendition, "node-1/app-group0.target")
    #expect(group.contains("Wants=app-dp2.service app-dp3.service\n"))
  }

  @Test func `a Compose file has a service for each rank and one for the port`() throws {
    let file = try text(Rendition(of: try manifest(variables: "A: \"$5\""), as: .compose), "compose.yaml")
    #expect(file.contains("    image: \"vllm/vllm-openai:v0.32.0\"\n"))
    #expect(file.contains("      A: \"$$5\"\n"))
    #expect(file.contains("  # On node-1.\n  dp3:\n"))
    #expect(file.contains("  front:\n") && file.contains("Compose runs on one machine"))
  }

  @Test func `a model's folder is mounted`() throws {
    let made = try manifest(
      of: "name: a\nllm_config: {model_loading_config: {model_id: moe, model_source: ./moe}}")
    let file = try text(Rendition(of: made, as: .compose), "compose.yaml")
    #expect(file.contains("- \"./moe:/model:ro\"\n") && file.contains("- serve\n      - /model\n"))
  }
}
