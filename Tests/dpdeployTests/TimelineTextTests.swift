import CommandLine
import ControlAPI
import Testing

@testable import dpdeploy

@Suite struct `The text of a timeline` {
  private func rank(_ number: Int, _ seconds: [Double], outcome: StartOutcome = .started) -> RankStart {
    RankStart(
      replica: "dp\(number)", group: 0, rank: number, epoch: 4, startedAt: "2026-08-01T10:00:00.000Z",
      outcome: outcome,
      phases: zip([StartPhase.spawn, .loadWeights, .rendezvous, .firstAnswer], seconds).map {
        .init($0, seconds: $1)
      })
  }

  private func text(_ ranks: [RankStart]) -> String {
    TimelineText(style: .plain).render([GroupStart(group: 0, epoch: 4, ranks: ranks)])
  }

  @Test func `shows the parts side by side and names the rank that the others waited for`() {
    #expect(
      text([
        rank(0, [0.01, 2, 9.5, 0.004]), rank(1, [0.011, 11.46, 0.04, 0.005]),
        rank(2, [0.01], outcome: .failed),
      ])
        == """
        group 0, epoch 4  2026-08-01T10:00:00.000Z
        RANK    SPAWN  LOAD_WEIGHTS  RENDEZVOUS  FIRST_ANSWER    TOTAL  OUTCOME
        dp0   0.010 s         2.0 s       9.5 s       0.004 s   11.5 s  started
        dp1   0.011 s        11.5 s     0.040 s       0.005 s   11.5 s  started
        dp2   0.010 s             –           –             –  0.010 s  failed
        longest: load_weights of dp1, 11.5 s, the others 2.0 s in the median

        """)
  }

  @Test func `blames nobody for what the ranks do together`() {
    #expect(
      text([rank(0, [0.1, 0.2, 3.5, 0.1]), rank(1, [0.1, 0.7, 3, 0.1])]).hasSuffix(
        "longest: rendezvous, which the ranks do together, 3.0 s\n"))
    #expect(text([rank(0, [0.1, 0.2, 734.4])]).hasSuffix("longest: rendezvous of dp0, 734 s\n"))
    #expect(!text([rank(0, [])]).contains("longest"))
  }
}
