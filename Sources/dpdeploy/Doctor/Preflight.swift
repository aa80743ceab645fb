import Manifest

/// Judges a machine, and what a manifest asks of it: pure, all that it knows is handed in.
struct Preflight {
  let facts: MachineFacts
  /// What is to run; nil without a manifest.
  let wish: DeploymentFacts?
  /// What the cluster says on which it is to run; nil when that is this machine.
  var cluster: ClusterFacts?

  /// Every check, those of the machine first.
  var checks: [Check] {
    let machine = [
      cores, memory, openFiles, processes, kernel, instructions, home, privacy, socket, abandoned, trees,
    ]
    guard let wish else { return machine + (cluster?.checks ?? []) }
    return machine + [ingress(wish), model(wish), port(wish)] + front(wish)
      + (wish.vLLM.map(vLLM) ?? [])
  }

  private var cores: Check {
    let have = facts.machine.cores
    guard let wish, wish.engine == .bundled else { return Check("cores", .pass, count(have, "core")) }
    guard wish.ranks > have else {
      return Check("cores", .pass, "\(count(have, "core")) for \(count(wish.ranks, "rank"))")
    }
    return Check(
      "cores", .warn,
      "\(count(wish.ranks, "rank")) on \(count(have, "core")): a step takes as long as its slowest rank",
      cure: "lower `llm_config.engine_kwargs.data_parallel_size` to at most \(have)")
  }

  private var memory: Check {
    guard let available = facts.memoryAvailableBytes else {
      return Check("memory", .skip, "/proc/meminfo does not say how much is available")
    }
    let have = Quantity.bytes(available) + "B available"
    guard let wish, wish.engine == .bundled, case .found(let model) = wish.model else {
      return Check("memory", .pass, have)
    }
    let need = "weights of \(Quantity.bytes(model.weightBytes))B, which the ranks share; " + have
    return model.weightBytes <= available
      ? Check("memory", .pass, need)
      : Check("memory", .fail, need, cure: "free memory, or serve a smaller model")
  }

  private var openFiles: Check {
    let need = 4096
    guard let have = facts.openFiles else { return Check("open-files", .skip, "the limit cannot be read") }
    return have >= need
      ? Check("open-files", .pass, "a process may have \(have) open")
      : Check(
        "open-files", .warn, "a process may have \(have) open: each connection takes one",
        cure:
          "raise the hard limit to at least \(need): `nofile` in /etc/security/limits.conf, LimitNOFILE= in systemd"
      )
  }

  /// A rank and an ingress replica have a few threads each, which count like processes.
  private var processes: Check {
    guard let have = facts.processes else { return Check("processes", .skip, "the limit cannot be read") }
    let need = 64 + 8 * (wish.map { $0.ranks + $0.ingressReplicas } ?? 0)
    return have >= need
      ? Check("processes", .pass, have == .max ? "no limit" : "the user may have \(have)")
      : Check(
        "processes", .fail, "the user may have \(have), of which about \(need) are needed",
        cure: "raise `nproc` in /etc/security/limits.conf, or TasksMax= in systemd")
  }

  /// Processes are watched by pidfd_open, of Linux 5.3.
  private var kernel: Check {
    guard let release = facts.kernel else { return Check("kernel", .skip, "the release cannot be read") }
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2 else { return Check("kernel", .skip, "\(release) is no release that we know") }
    return (numbers[0], numbers[1]) >= (5, 3)
      ? Check("kernel", .pass, "Linux \(release)")
      : Check("kernel", .fail, "Linux \(release) has no pidfd_open", cure: "run Linux 5.3 or newer")
  }

  private var instructions: Check {
    switch facts.hasAVX2 {
    case true?: Check("instructions", .pass, "the processor has AVX2")
    case false?:
      Check(
        "instructions", .warn, "the processor has no AVX2: the portable kernels are slow",
        cure: "run on a processor with AVX2 or AVX-512")
    case nil: Check("instructions", .skip, "/proc/cpuinfo cannot be read")
    }
  }

  private var home: Check {
    guard facts.isHomeWritable else {
      return Check(
        "home", .fail, "\(facts.home) cannot be written", cure: "set DPDEPLOY_HOME to a folder of yours")
    }
    guard let room = facts.homeBytes else { return Check("home", .pass, facts.home) }
    let evidence = "\(Quantity.bytes(room))B free for \(facts.home)"
    return room >= 256 << 20
      ? Check("home", .pass, evidence)
      : Check(
        "home", .warn, evidence + ": state, logs and packed weights go there",
        cure: "free some, or set DPDEPLOY_HOME to another disk")
  }

  /// Logs and manifests may tell what others are not to know.
  private var privacy: Check {
    guard let mode = facts.homeFacts.mode else {
      return Check(
        "privacy", .pass, "\(facts.home) will be made, for its user alone", repair: .makeFolder(facts.home))
    }
    let evidence = "\(facts.home) has the mode \(String(mode, radix: 8))"
    // A group may be let through, to the socket alone.
    return mode & 0o067 == 0
      ? Check("privacy", .pass, evidence)
      : Check(
        "privacy", .warn, evidence + ": others can look into logs, manifests and sockets",
        cure: "chmod 700 \(facts.home)", repair: .closeFolder(facts.home))
  }

  private var abandoned: Check {
    let path = facts.home + "/controller.sock"
    return switch facts.homeFacts.socket {
    case .none: Check("controller", .pass, "none runs; `apply` starts one")
    case .answered: Check("controller", .pass, "somebody listens on \(path)")
    case .abandoned:
      Check(
        "controller", .warn, "nobody listens on \(path): a controller was killed",
        cure: "`dpdeploy daemon start` goes on with what it ran", repair: .removeSocket(path))
    }
  }

  private var trees: Check {
    Check(
      "process-trees", .pass,
      facts.controlGroups.map { "ended through control groups under \($0)" }
        ?? "ended by token and session: no control group may be made here")
  }

  private var socket: Check {
    let path = facts.home + "/controller.sock"
    return path.utf8.count <= 107
      ? Check("socket", .pass, "\(path.utf8.count) of 107 bytes")
      : Check(
        "socket", .fail, "\(path) has \(path.utf8.count) bytes, and a socket's path at most 107",
        cure: "set DPDEPLOY_HOME to a shorter path")
  }

  private func ingress(_ wish: DeploymentFacts) -> Check {
    let have = facts.machine.cores
    let evidence = "\(count(wish.ingressReplicas, "ingress replica")) on \(count(have, "core"))"
    return wish.ingressReplicas <= have
      ? Check("ingress", .pass, evidence)
      : Check(
        "ingress", .warn, evidence + ": more than one a core gains nothing",
        cure: "lower `ingress_deployment_config.autoscaling_config.min_replicas` to at most \(have)")
  }

  private func model(_ wish: DeploymentFacts) -> Check {
    switch wish.model {
    case .missing(let source):
      return Check(
        "model", .fail, "no model `\(source)` on this machine",
        cure: "name a folder with config.json, tokenizer.json and *.safetensors in `model_source`")
    case .found(let model):
      let evidence = "\(model.source): \(Quantity.bytes(model.weightBytes))B of weights"
      guard model.experts == nil, wish.ranks > 1 else {
        return Check(
          "model", .pass, evidence + (model.experts.map { ", \($0) experts a layer" } ?? ", dense"))
      }
      return Check(
        "model", .warn, evidence + ", dense: its ranks would step together and share nothing",
        cure: "set `data_parallel_size` to 1, and `num_replicas` to the number of copies")
    }
  }

  private func port(_ wish: DeploymentFacts) -> Check {
    switch wish.port {
    case .any: Check("port", .pass, "any free one")
    case .free(let port): Check("port", .pass, "\(port) is free")
    case .ours(let port): Check("port", .pass, "\(port) is the application's already")
    case .taken(let port, let holder):
      Check(
        "port", .fail, "\(port) is taken by \(holder)",
        cure: "end that, or set `ingress.port`; 0 takes any free port")
    case .refused(let port, let why):
      Check(
        "port", .fail, "\(port) cannot be had: \(why)",
        cure: "set `ingress.host` and `ingress.port` to others")
    }
  }

  private func front(_ wish: DeploymentFacts) -> [Check] {
    switch wish.front {
    case nil: []
    case .found(let path): [Check("haproxy", .pass, path)]
    case .missing(let name):
      [
        Check(
          "haproxy", .fail, "there is no `\(name)` that could be run",
          cure: "`apt install haproxy`, or name it in `ingress.haproxy.executable`")
      ]
    }
  }

  private func vLLM(_ found: VLLMFacts) -> [Check] {
    let program =
      found.fault.map { Check("vllm", .fail, $0.problem, cure: $0.cure) }
      ?? Check("vllm", .pass, found.program ?? "")
    let devices = found.obstacle.map { [Check("devices", .fail, $0.problem, cure: $0.cure)] } ?? []
    return [program] + devices + [sharedMemory]
  }

  private var sharedMemory: Check {
    guard let room = facts.sharedMemoryBytes else {
      return Check("shared-memory", .skip, "/dev/shm cannot be looked at")
    }
    let evidence = "\(Quantity.bytes(room))B free in /dev/shm"
    return room >= 1 << 30
      ? Check("shared-memory", .pass, evidence)
      : Check(
        "shared-memory", .warn, evidence + ": vLLM's processes exchange tensors there",
        cure: "mount it larger (`mount -o remount,size=8g /dev/shm`), or `docker run --shm-size=8g`")
  }

  private func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
}
