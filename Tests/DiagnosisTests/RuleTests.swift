import ControlAPI
import Testing

@testable import Diagnosis

/// A state, and what must be said of it first.
struct Case: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let id: String
  let replica: String?
  let field: String?
  let value: String?
  let change: @Sendable (inout Scene) -> Void

  init(
    _ name: String, _ id: String, on replica: String? = nil, _ field: String? = nil, _ value: String? = nil,
    _ change: @escaping @Sendable (inout Scene) -> Void
  ) {
    (testDescription, self.id, self.replica, self.field, self.value) = (name, id, replica, field, value)
    self.change = change
  }

  static let all = [
    Case("a link is down at start", "H02", "cluster.links") {
      $0.settings.links = #"{"0-1":"down"}"#
      $0.server.status = .updating
      $0.ranks { $0.state = .starting }
    },
    Case("a rank waits in rendezvous", "H01", on: "dp1", "llm_config.engine_kwargs.data_parallel_size") {
      $0.server.status = .updating
      $0.server.replicas[1].state = .starting
      $0.server.replicas[1].phase = .known(.rendezvous)
    },
    Case("a rank is down and its fellows serve", "H24", on: "dp1") {
      $0.server.status = .unhealthy
      $0.server.replicas[1].state = .stopped
    },
    Case("a device is slowed by heat", "H36", on: "dp1") {
      $0.giveDevices { $0.throttleReasons = .known([.hardwareThermal, .hardwareSlowdown]) }
    },
    Case("a device draws all it may and is slower than its peers", "H36", on: "dp1") {
      $0.giveDevices { $0.smClockHertz = .known(1_300_000_000) }
    },
    Case("the memory of a device fails", "H37", on: "dp1") {
      $0.giveDevices { $0.eccUncorrected = .known(2) }
    },
    Case("a rank is stopped under load", "H25", on: "dp1") {
      $0.server.replicas[1].stale = true
      $0.server.replicas[1].observedAgeSeconds = .known(7)
    },
    Case(
      "more ranks than cores", "H22", "llm_config.engine_kwargs.data_parallel_size", "4"
    ) {
      $0.settings.dataParallelSize = 8
      $0.settings.cores = 5
      $0.settings.sizePerNode = 2
      $0.ranks { $0.computeCPURatio = .known(0.4) }
    },
    Case("more ranks than cores on one node", "H22", "llm_config.engine_kwargs.data_parallel_size", "5") {
      $0.settings.dataParallelSize = 8
      $0.settings.cores = 5
      $0.settings.sizePerNode = 8
      $0.ranks { $0.computeCPURatio = .known(0.4) }
    },
    Case(
      "requests are refused that would have been answered in time", "H23", "ingress.max_queued_requests", "96"
    ) {
      $0.settings.maxQueuedRequests = 16
      $0.settings.maxQueueWaitSeconds = 30
      $0.metrics.requestsPerSecond = .known(4)
      $0.metrics.refusedRatio = .known(0.2)
    },
    Case("requests are refused", "H23", "ingress.max_queued_requests", "64") {
      $0.settings.maxQueuedRequests = 16
      $0.metrics.requestsPerSecond = .known(1)
      $0.metrics.refusedRatio = .known(0.2)
    },
    Case("a full batch beside free blocks", "H05", "llm_config.engine_kwargs.max_num_seqs", "32") {
      $0.metrics.queueDepth = .known(12)
      $0.metrics.running = .known(32)
    },
    Case(
      "the ingress at its limit", "H04", on: "ingress-0",
      "ingress_deployment_config.autoscaling_config.min_replicas", "2"
    ) { $0.ingress.cpuRatio = .known(0.97) },
    Case(
      "the only ingress replica at its limit", "H04", on: "ingress-0",
      "ingress_deployment_config.num_replicas", "2"
    ) {
      $0.settings.fixesIngressReplicas = true
      $0.ingress.cpuRatio = .known(0.97)
    },
    Case("a crowded rank", "H03", on: "dp0", "ingress.policy", "power_of_two") {
      $0.settings.routingPolicy = "round_robin"
      $0.server.replicas[0].running = .known(9)
      $0.server.replicas[1].running = .known(2)
    },
    Case(
      "prompts between tokens", "H06", "llm_config.engine_kwargs.max_num_batched_tokens", "128"
    ) { $0.metrics.itlSeconds = .of(0.02, 0.3, 1000) },
    Case("prompts between tokens of a foreign engine", "H06") {
      $0.metrics.itlSeconds = LatencySummary()
      $0.metrics.tpotSeconds = .of(0.02, 0.2, 100)
    },
    Case("a full cache with preemptions", "H07", on: "dp1", "llm_config.engine_kwargs.max_num_seqs", "2") {
      $0.server.replicas[1].kvUsageRatio = .known(0.99)
      $0.server.replicas[1].preemptionsPerSecond = .known(0.4)
    },
    Case("a full cache without", "H27", "llm_config.engine_kwargs.data_parallel_size", "4") {
      $0.metrics.kvUsageRatio = .known(0.93)
      $0.metrics.queueDepth = .known(7)
    },
    Case("rows on slow links", "H19", "cluster.links") {
      $0.settings.links = #"{"inter":{"latency_us":9000}}"#
      $0.ranks { $0.linkRatio = .known(0.6) }
    },
    Case("rows on slow links, with large batches", "H19", "llm_config.engine_kwargs.enable_dbo", "true") {
      $0.settings.links = #"{"inter":{"latency_us":9000}}"#
      $0.ranks {
        $0.linkRatio = .known(0.6)
        $0.running = .known(40)
      }
    },
    Case("chunks of two tokens", "H20", "llm_config.runtime_env.env_vars.VLLM_MOE_DP_CHUNK_SIZE", "8") {
      $0.settings.dispatchChunk = 2
      $0.ranks { $0.chunksPerStep = .known(2.7) }
    },
    Case("one slow rank", "H09", on: "dp1") {
      $0.server.replicas[0].communicationRatio = .known(0.6)
      $0.server.replicas[1].communicationRatio = .known(0.02)
    },
    Case("hot experts", "H10", on: "dp0", "llm_config.engine_kwargs.enable_eplb", "true") {
      $0.server.replicas[0].expertRowsPerSecond = .known(4000)
    },
    Case(
      "hot experts that move already", "H10", on: "dp0",
      "llm_config.engine_kwargs.eplb_config.num_redundant_experts", "2"
    ) {
      $0.settings.balancesExperts = true
      $0.server.replicas[0].expertRowsPerSecond = .known(4000)
    },
    Case("overlap that never happens", "H21", "llm_config.engine_kwargs.enable_dbo", "false") {
      $0.settings.overlapThreshold = 32
    },
    Case("a dense model", "H18", "llm_config.engine_kwargs.data_parallel_size", "1") {
      $0.ranks { $0.expertRowsPerSecond = .known(0) }
    },
    Case("experts on every rank", "H18", "llm_config.engine_kwargs.enable_expert_parallel", "true") {
      $0.settings.expertParallel = false
    },
    Case("one request on two ranks", "H17", "llm_config.engine_kwargs.data_parallel_size", "1") {
      $0.server.replicas[0].gpuUtilizationRatio = .known(0.9)
      $0.server.replicas[1].gpuUtilizationRatio = .known(0)
      $0.server.replicas[1].dummyRatio = .known(0.88)
    },
    Case("saturated ranks", "H08", "llm_config.engine_kwargs.data_parallel_size", "4") {
      $0.ranks { $0.gpuUtilizationRatio = .known(0.99) }
      $0.metrics.kvUsageRatio = .known(0.8)
      $0.metrics.queueDepth = .known(9)
      $0.metrics.ttftSeconds = .of(3, 4, 50)
    },
    Case("tokens slower than promised", "H11", "llm_config.engine_kwargs.max_num_seqs", "12") {
      $0.settings.tpotSeconds = 0.025
    },
    Case("clients that leave", "H13") { $0.metrics.abortedRatio = .known(0.4) },
    Case(
      "caching switched off under long prompts", "H26", "llm_config.engine_kwargs.enable_prefix_caching",
      "true"
    ) {
      $0.settings.prefixCaching = false
      $0.metrics.promptTokensPerSecond = .known(2000)
    },
    Case("a variable without effect", "H16", "llm_config.runtime_env.env_vars") {
      $0.settings.ineffectiveVariables = [IneffectiveVariable(name: "A", reason: "no GPUs", instead: nil)]
    },
  ]
}

@Suite struct `A rule` {
  @Test(arguments: Case.all) func `names the cause first, and the change that helps`(_ state: Case) {
    let hint = Scene(state.change).hints.first
    #expect(hint?.id == state.id && hint?.replica == state.replica, "\(String(describing: hint))")
    #expect(hint?.evidence.isEmpty == false)
    if let field = state.field { #expect(hint?.field == field && hint?.value == state.value) }
  }

  @Test func `has a case here for each of the table but that of restarts`() {
    #expect(Set(HintRule.all.map(\.id)).subtracting(Case.all.map(\.id)) == ["H14", "H15"])
  }

  @Test func `of restarts counts those of the last ten minutes only`() {
    var diagnosis = Diagnosis()
    func look(_ time: Double, restarts: Int) -> [String] {
      let scene = Scene { $0.server.replicas[0].restarts = restarts }
      return diagnosis.examine(scene.observation(at: time)).map(\.id)
    }
    #expect(look(0, restarts: 7) == [], "what came before is no news")
    #expect(look(10, restarts: 8) == ["H24"] && look(20, restarts: 9) == ["H24"])
    #expect(look(30, restarts: 10) == ["H14"])
    #expect(look(140, restarts: 10) == ["H14"])
    #expect(look(155, restarts: 10) == [], "it has been stable for two minutes")
    #expect(look(160, restarts: 11) == ["H14"])
    #expect(look(900, restarts: 12) == ["H24"])
  }

  @Test func `of restarts forgets a replica that another one took the place of`() {
    var diagnosis = Diagnosis(seesBeginning: true)
    func look(_ time: Double, restarts: Int) -> [String] {
      let scene = Scene { $0.server.replicas[0].restarts = restarts }
      return diagnosis.examine(scene.observation(at: time)).map(\.id)
    }
    #expect(look(0, restarts: 3) == ["H14"])
    _ = look(5, restarts: 0)
    #expect(look(16, restarts: 0) == [])
    #expect(look(20, restarts: 1) == ["H24"], "this one's first")
  }

  @Test func `of restarts misses none of an application that begins`() {
    let scene = Scene { $0.server.replicas[0].restarts = 1 }
    var beginning = Diagnosis(seesBeginning: true)
    #expect(beginning.examine(scene.observation(at: 0)).map(\.id) == ["H24"])
    var takenOver = Diagnosis()
    #expect(takenOver.examine(scene.observation(at: 0)) == [])
  }

  @Test(arguments: [(9, 2, true), (3, 1, false), (40, 38, false)])
  func `of crowds is silent about a nearly idle and about an even group`(most: Int, least: Int, seen: Bool) {
    let scene = Scene {
      $0.server.replicas[0].running = .known(most)
      $0.server.replicas[1].running = .known(least)
    }
    #expect(scene.hints.contains { $0.id == "H03" } == seen)
  }

  @Test func `of the ingress raises the greatest number with the least where it must`() {
    let hint = Scene {
      $0.settings.maxIngressReplicas = 1
      $0.ingress.cpuRatio = .known(0.97)
    }.hints.first
    #expect(
      hint?.alongside == [
        FieldValue(field: "ingress_deployment_config.autoscaling_config.max_replicas", value: "2")
      ])
  }

  @Test func `of tails draws nothing from a few tokens`() {
    #expect(Scene { $0.metrics.itlSeconds = .of(0.02, 0.3, 99) }.hints == [])
    #expect(Scene { $0.metrics.tpotSeconds = .of(0.02, 0.2, 19) }.hints == [])
  }

  @Test func `of batches asks for no larger one where tokens are too slow already`() {
    let found = Scene {
      $0.metrics.queueDepth = .known(12)
      $0.metrics.running = .known(32)
      $0.settings.tpotSeconds = 0.01
    }.hints
    #expect(!found.contains { $0.id == "H05" })
  }

  @Test func `takes what is unknown for unknown`() {
    let found = Scene {
      $0.ranks { rank in
        rank.gpuUtilizationRatio = .unknown
        rank.dummyRatio = .unknown
        rank.expertRowsPerSecond = .unknown
        rank.overlapRatio = .unknown
        rank.preemptionsPerSecond = .unknown
      }
      $0.settings.overlapThreshold = 32
    }.hints
    #expect(found == [])
  }
}
