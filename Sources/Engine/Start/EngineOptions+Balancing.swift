import ExpertParallel
import JSON

// `--eplb-config`, as vLLM reads it.
extension EngineOptions {
  /// Sets what a JSON object like `{"step_interval": 500}` names.
  mutating func setBalancing(_ text: String) throws(EngineError) {
    let members: [JSONMember]?
    do { members = try JSONValue(parsing: text).members } catch {
      throw .usage("--eplb-config is not JSON: \(error)")
    }
    guard let members else { throw .usage("--eplb-config must be a JSON object") }
    for member in members {
      switch member.name {
      case "window_size": loadBalancing.windowSize = try Self.count(member, from: 1)
      case "step_interval": loadBalancing.stepInterval = try Self.count(member, from: 1)
      case "num_redundant_experts": loadBalancing.redundantExperts = try Self.count(member, from: 0)
      case "log_balancedness":
        guard let flag = member.value.bool else {
          throw .usage("log_balancedness in --eplb-config must be true or false")
        }
        logsBalancedness = flag
      default: throw .usage("unknown field \(member.name) in --eplb-config")
      }
    }
  }

  private static func count(_ member: JSONMember, from least: Int) throws(EngineError) -> Int {
    guard let count = member.value.integer, (least...1_000_000).contains(count) else {
      throw .usage("\(member.name) in --eplb-config must be a whole number from \(least) to 1000000")
    }
    return count
  }

  /// What cannot be together.
  func checkBalancing() throws(EngineError) {
    if loadBalancing.redundantExperts > 0, !enableEPLB {
      throw .usage(
        "num_redundant_experts is \(loadBalancing.redundantExperts), which needs --enable-eplb")
    }
    if guardsForeignExperts, enableEPLB {
      throw .usage("--guard-foreign-experts keeps experts where they are; leave --enable-eplb out")
    }
  }
}
