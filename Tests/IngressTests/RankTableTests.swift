import OpenAI
import Platform
import Routing
import Testing

@testable import Ingress

@Suite struct `The rank table` {
  @Test func `is read as the controller writes it`() throws {
    let text = """
      {"version":7,"ranks":[
        {"group":0,"rank":1,"epoch":3,"endpoint":"unix:/r1","capacity":64,"state":"RUNNING","slot":1},
        {"group":0,"rank":2,"epoch":3,"endpoint":"127.0.0.1:9","capacity":8,"state":"DRAINING","slot":2}]}
      """
    let table = try RankTable(parsing: Array(text.utf8))
    #expect(table.version == 7 && table.entries.count == 2)
    #expect(table.entries[0].key == RankKey(group: 0, rank: 1) && table.entries[0].isRunning)
    #expect(table.entries[1].endpoint == .tcp(host: "127.0.0.1", port: 9) && !table.entries[1].isRunning)
  }

  @Test(arguments: [
    "", "[]", #"{"version":1}"#, #"{"version":1,"ranks":[{}]}"#,
    #"{"version":1,"ranks":[{"group":0,"rank":-1,"epoch":1,"endpoint":"unix:/a","capacity":1,"slot":0}]}"#,
    #"{"version":1,"ranks":[{"group":0,"rank":1,"epoch":1,"endpoint":"nowhere","capacity":1,"slot":0}]}"#,
  ])
  func `is refused with a reason when it is wrong`(text: String) {
    let error = #expect(throws: APIError.self) { try RankTable(parsing: Array(text.utf8)) }
    #expect(error?.status == 400)
  }
}
