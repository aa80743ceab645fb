import Manifest
import Testing

@testable import dpdeploy

@Suite struct `A starter manifest` {
  private func starter(cores: Int, experts: Int? = 16, longest: Int? = 8192) -> StarterManifest {
    StarterManifest(
      name: "demo", modelID: "m",
      model: ModelOutline(
        source: "/models/m", longestSequence: longest, experts: experts, weightBytes: 10 << 20),
      machine: Machine(cores: cores, memoryBytes: 8 << 30), schema: "s.json")
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 2), (4, 2), (5, 4), (64, 8)])
  func `has a rank for each core that it can spare`(cores: Int, ranks: Int) {
    #expect(starter(cores: cores).ranks == ranks)
  }

  @Test func `never has more ranks than experts, and one for a dense model`() {
    #expect(starter(cores: 64, experts: 5).ranks == 4)
    #expect(starter(cores: 64, experts: nil).ranks == 1)
  }

  @Test(arguments: [1, 2, 8, 256], [nil, 2, 64] as [Int?]) func `is accepted without a warning`(
    cores: Int, experts: Int?
  ) throws {
    let starter = starter(cores: cores, experts: experts, longest: experts.map { _ in 512 })
    let reading = Manifest.read(ManifestSource(name: "s.yaml", text: starter.text))
    #expect(reading.diagnostics.filter { $0.severity > .note } == [])
    #expect(reading.manifest?.parallelism.size == starter.ranks)
    #expect(reading.manifest?.model.source == "/models/m")
  }

  @Test func `says for what it was written`() {
    let text = starter(cores: 2).text
    #expect(text.contains("# Written by `dpdeploy init` for a machine of 2 cores and 8.0GiB of memory"))
    #expect(text.contains("The 16 experts of a layer"))
    #expect(text.hasPrefix("# yaml-language-server: $schema=s.json\n"))
  }
}
