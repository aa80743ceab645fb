import JSON
import Testing

@testable import Ray

@Suite struct `A declaration` {
  private func config(_ name: String, owner: String?) -> JSONValue {
    let marks = owner.map {
      JSONMember(
        "runtime_env",
        .object([JSONMember("env_vars", .object([JSONMember("DPDEPLOY_OWNER", .string($0))]))]))
    }
    return .object(
      [JSONMember("name", .string(name)), JSONMember("import_path", .string("x:y"))]
        + [marks].compactMap(\.self))
  }

  private func cluster(_ configs: [JSONValue], source: String = "declarative") throws -> ServeDetails {
    let applications = configs.map { config in
      JSONMember(
        config["name"]?.string ?? "",
        .object([
          JSONMember("status", .string("RUNNING")), JSONMember("deployed_app_config", config),
          JSONMember("source", .string(source)), JSONMember("deployments", .object([])),
        ]))
    }
    return try ServeDetails(
      .object([
        JSONMember("proxy_location", .string("HeadOnly")),
        JSONMember(
          "http_options", .object([JSONMember("host", .string("0.0.0.0")), JSONMember("port", .integer(9))])),
        JSONMember("applications", .object(applications)),
      ]))
  }

  private func names(_ body: JSONValue?) -> [String] {
    (body?["applications"]?.elements ?? []).compactMap { $0["name"]?.string }
  }

  private let listener = JSONValue.object([JSONMember("port", .integer(8000))])

  @Test func `keeps what others declared, byte for byte, and takes its own application's place`() throws {
    let other = try #require(try Recorded.details("applications_gang8")["dp"]?.config)
    let details = try cluster([other, config("mine", owner: "me")])
    let new = JSONValue.object(
      (config("mine", owner: "me").members ?? []) + [
        JSONMember("args", .object([JSONMember("n", .integer(3))]))
      ])
    let body = try Declaration.put(new, owner: "me", into: details, listener: listener)
    #expect(names(body) == ["dp", "mine"])
    #expect(body["applications"]?.elements == [other, new])
    #expect(body["http_options"]?["port"]?.integer == 9 && body["proxy_location"]?.string == "HeadOnly")
  }

  @Test func `says where Serve shall listen only while it does not run`() throws {
    let idle = try ServeDetails(.object([JSONMember("applications", .object([]))]))
    let body = try Declaration.put(config("mine", owner: "me"), owner: "me", into: idle, listener: listener)
    #expect(body["http_options"] == listener)
  }

  @Test func `leaves all others when it removes one, and says nothing when there is none`() throws {
    let details = try cluster([config("theirs", owner: nil), config("mine", owner: "me")])
    #expect(names(try Declaration.remove("mine", owner: "me", from: details)) == ["theirs"])
    #expect(try Declaration.remove("nobody's", owner: "me", from: details) == nil)
  }

  @Test func `refuses an application of the same name that is somebody else's`() throws {
    for (details, mark) in [
      (try cluster([config("mine", owner: nil)]), "not deployed by dpdeploy"),
      (try cluster([config("mine", owner: "you")]), "deployed by the controller you"),
      (try cluster([config("mine", owner: "me")], source: "imperative"), "deployed by a Python program"),
    ] {
      #expect(RayError.foreign(application: "mine", by: mark).exitCode == 9)
      #expect(throws: RayError.foreign(application: "mine", by: mark)) {
        try Declaration.put(config("mine", owner: "me"), owner: "me", into: details, listener: listener)
      }
      #expect(throws: RayError.foreign(application: "mine", by: mark)) {
        try Declaration.remove("mine", owner: "me", from: details)
      }
    }
  }

  @Test func `is found changed by its paths, and not by what Ray fills in or reorders`() throws {
    func drift(_ found: String, _ declared: String) throws -> [String] {
      Declaration.drift(
        of: try JSONValue(parsing: Array(found.utf8)), from: try JSONValue(parsing: Array(declared.utf8)))
    }
    let declared =
      #"{"name":"a","args":{"n":{"x":1,"y":[1]},"m":2.0},"deployments":[{"name":"d","num_replicas":2}]}"#
    #expect(try drift(declared, declared).isEmpty)
    #expect(
      try drift(
        #"{"deployments":[{"num_replicas":2,"name":"d"}],"args":{"m":2,"n":{"y":[1],"x":1}},"name":"a","logging_config":{}}"#,
        declared
      ).isEmpty)
    #expect(
      try drift(
        #"{"name":"a","args":{"n":{"x":2,"y":[1],"z":0}},"deployments":[{"name":"d","num_replicas":3}]}"#,
        declared)
        == ["args.n.x", "args.n.z", "args.m", "deployments"])
    #expect(try Declaration.drift(of: nil, from: JSONValue(parsing: Array(declared.utf8))) == ["all of it"])
  }
}
