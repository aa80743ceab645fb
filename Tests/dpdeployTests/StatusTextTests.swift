import CommandLine
import ControlAPI
import Testing

@testable import dpdeploy

@Suite struct `The text of a status` {
  @Test func `says how to begin when there is nothing`() {
    let status = Status(generatedAt: "t", controller: .running(version: "1", pid: 1), applications: [])
    #expect(
      StatusText(style: .plain).render(status) == "No applications. `dpdeploy apply MANIFEST` starts one.\n")
  }

  @Test func `shows the unknown as a dash and what does not apply as nothing`() {
    var rank = ReplicaStatus(id: "dp0", role: .rank, state: .starting, phase: .known(.loadWeights))
    rank.node = "node-0"
    rank.pid = .known(42)
    rank.cpuRatio = .known(0.5)
    let ingress = ReplicaStatus(id: "ingress-0", role: .ingress, state: .running)
    let text = StatusText(style: .plain).render(status(rank, ingress))
    #expect(
      text == """
        demo  DEPLOYING  revision 2  no endpoint yet
          – req/s  ·  – tok/s out  ·  TTFT – p50, – p99  ·  TPOT – p50  ·  queue –

        DEPLOYMENT     STATUS    READY  MESSAGE
        DPServer:m     UPDATING    0/1  need 1 rank, have 0
        OpenAiIngress  HEALTHY     1/1

        REPLICA    NODE    STATE                    PID  RESTARTS  UTIL  CPU  MEM  RUN  WAIT  KV  TOK/S  TTFT  TPOT
        dp0        node-0  STARTING (load_weights)   42         0     –  50%    –    –     –   –      –     –     –
        ingress-0          RUNNING                    –         0          –    –    –     –          –     –     –

        H01 dp0 is not ready
            in phase load_weights
            try a.b: 1 — wait
        """ + "\n")
  }

  @Test func `has more columns when it is wide`() throws {
    var rank = ReplicaStatus(id: "dp0", role: .rank, state: .running)
    rank.epoch = 3
    rank.dummyRatio = .known(0.25)
    let ingress = ReplicaStatus(id: "ingress-0", role: .ingress, state: .running)
    let lines = StatusText(style: .plain, isWide: true).render(status(rank, ingress)).split(separator: "\n")
    let table = lines.drop { !$0.hasPrefix("REPLICA") }.prefix(3)
    #expect(
      table.map { $0.split(separator: " ").suffix(5).joined(separator: " ") } == [
        "EPOCH AGE REQ/S DUMMY COMM", "3 – – 25% –", "– – – – –",
      ])
  }

  @Test func `is a list of names, one object, or a document of YAML`() {
    let one = status(
      ReplicaStatus(id: "dp0", role: .rank, state: .running),
      ReplicaStatus(id: "ingress-0", role: .ingress, state: .running))
    func text(_ format: StatusFormat, inSeries: Bool = false) -> String {
      format.text(of: one, style: .plain, inSeries: inSeries)
    }
    #expect(text(.name) == "demo\n")
    #expect(text(.json, inSeries: true).split(separator: "\n").count == 1)
    #expect(
      text(.yaml).hasPrefix(
        "apiVersion: \"dpdeploy/v1\"\napplications:\n  - createdAt: t\n    deployments:\n"))
    #expect(text(.yaml, inSeries: true).hasPrefix("---\napiVersion"))
    #expect(text(.yaml).contains("\n    endpoint: null\n"))
  }

  private func status(_ replicas: ReplicaStatus...) -> Status {
    Status(
      generatedAt: "t", controller: .running(version: "1", pid: 1),
      applications: [
        ApplicationStatus(
          name: "demo", status: .deploying, message: "", revision: 2, endpoint: .unknown, modelId: "m",
          manifestPath: nil, createdAt: "t",
          deployments: [
            DeploymentStatus(
              name: "DPServer:m", status: .updating, statusTrigger: .configUpdateStarted,
              message: "need 1 rank, have 0", targetReplicas: 1, replicas: [replicas[0]]),
            DeploymentStatus(
              name: "OpenAiIngress", status: .healthy, statusTrigger: .configUpdateCompleted, message: "",
              targetReplicas: 1, replicas: [replicas[1]]),
          ],
          metrics: ApplicationMetrics(windowSeconds: 10),
          hints: [
            Hint(
              id: "H01", severity: .warning, title: "dp0 is not ready",
              evidence: [Evidence("in phase load_weights", on: .replicas)],
              field: "a.b", value: "1", advice: "wait")
          ])
      ])
  }
}
