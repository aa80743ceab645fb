import Testing

@testable import Console

@Suite struct `Numbers` {
  @Test(
    arguments: [
      (nil, "–"), (0, "0.0"), (0.44, "0.4"), (41.26, "41.3"), (99.96, "100"), (412.6, "413"), (9_994, "9994"),
      (38_214, "38.2k"), (999_499, "999.5k"), (999_600, "1.0M"), (Double.nan, "–"),
    ] as [(Double?, String)])
  func `of things are short`(value: Double?, text: String) {
    #expect(Units.count(value) == text)
  }

  @Test(
    arguments: [
      (nil, "–"), (0.0004, "0.4ms"), (0.0241, "24ms"), (0.9996, "1.00s"), (1.41, "1.41s"), (14, "14.0s"),
      (125, "2m05s"), (11_400, "3h10m"), (187_200, "2d04h"),
    ] as [(Double?, String)])
  func `of time carry their unit`(value: Double?, text: String) {
    #expect(Units.duration(value) == text)
  }

  @Test func `of shares and bytes do not round something to nothing`() {
    #expect(Units.percent(0.001) == "<1%" && Units.percent(0) == "0%" && Units.percent(nil) == "–")
    #expect(Units.bytes(412 << 20) == "412M" && Units.bytes(1_288_490_189) == "1.2G")
  }

  @Test func `read times as written by the controller`() {
    #expect(WallTime.seconds("1970-01-01T00:00:00Z") == 0)
    #expect(WallTime.seconds("2025-10-09T08:53:20.250Z") == 1_760_000_000.25)
    #expect(WallTime.seconds("2025-10-09 08:53") == nil && WallTime.seconds("é") == nil)
    #expect(WallTime.clock(1_760_000_000, offset: 3600) == "09:53:20")
  }
}
