public import JSON

/// The body of `PUT /api/serve/applications/` that changes one application and leaves all others alone.
///
/// The call is declarative: what is declared already and missing from the body is deleted. So the body is what the
/// cluster says, with one application exchanged.
public enum Declaration {
  /// The environment variable by which an application of ours is known.
  public static let ownerVariable = "DPDEPLOY_OWNER"

  /// Declares `config`, or takes the application of its name's place.
  ///
  /// - Parameter listener: where Serve shall listen, if it does not run yet.
  /// - Throws: ``RayError/foreign(application:by:)`` when the name is somebody else's.
  public static func put(
    _ config: JSONValue, owner: String, into details: ServeDetails, listener: JSONValue
  ) throws(RayError) -> JSONValue {
    let name = config["name"]?.string ?? ""
    try checkOwner(owner, of: name, in: details)
    return body(others(than: name, in: details) + [config], details, listener: listener)
  }

  /// Declares everything but the application called `name`; nil when there is no such application.
  ///
  /// - Throws: ``RayError/foreign(application:by:)`` when it is somebody else's.
  public static func remove(_ name: String, owner: String, from details: ServeDetails) throws(RayError)
    -> JSONValue?
  {
    guard details[name] != nil else { return nil }
    try checkOwner(owner, of: name, in: details)
    return body(others(than: name, in: details), details, listener: .object([]))
  }

  /// Checks that the application called `name` is `owner`'s or not there.
  public static func checkOwner(_ owner: String, of name: String, in details: ServeDetails) throws(RayError) {
    guard let present = details[name] else { return }
    guard present.isDeclarative else {
      throw .foreign(application: name, by: "deployed by a Python program")
    }
    let found = present.config?["runtime_env"]?["env_vars"]?[ownerVariable]?.string
    guard found == owner else {
      throw .foreign(
        application: name,
        by: found.map { "deployed by the controller \($0)" } ?? "not deployed by dpdeploy")
    }
  }

  /// The paths at which a configuration on the cluster no longer says what was declared; what Ray fills in is no change.
  public static func drift(of found: JSONValue?, from declared: JSONValue) -> [String] {
    guard let found else { return ["all of it"] }
    return (declared.members ?? []).flatMap { drift(at: $0.name, found[$0.name] ?? .null, from: $0.value) }
  }

  /// Arguments and environments are ours alone, so a key more is a change too.
  private static func drift(at path: String, _ found: JSONValue, from declared: JSONValue) -> [String] {
    guard found.sorted != declared.sorted else { return [] }
    guard let before = declared.members, let after = found.members else { return [path] }
    let names = before.map(\.name) + after.map(\.name).filter { declared[$0] == nil }
    return names.flatMap { drift(at: "\(path).\($0)", found[$0] ?? .null, from: declared[$0] ?? .null) }
  }

  private static func others(than name: String, in details: ServeDetails) -> [JSONValue] {
    details.applications.filter { $0.name != name && $0.isDeclarative }.compactMap(\.config)
  }

  private static func body(
    _ applications: [JSONValue], _ details: ServeDetails, listener: JSONValue
  ) -> JSONValue {
    var members: [JSONMember] = []
    for key in ["proxy_location", "http_options", "grpc_options"] {
      if let value = details.answer[key], !value.isNull { members.append(JSONMember(key, value)) }
    }
    if details.listener == nil, listener.members?.isEmpty == false {
      members = members.filter { $0.name != "http_options" } + [JSONMember("http_options", listener)]
    }
    if let capacity = details.answer["target_capacity"], !capacity.isNull {
      members.append(JSONMember("target_capacity", capacity))
    }
    return .object(members + [JSONMember("applications", .array(applications))])
  }
}
