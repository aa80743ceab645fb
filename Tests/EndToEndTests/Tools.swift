import Platform
import Testing

/// Where things are: the built tools, the project, and the Python that has OpenAI's client.
enum Tools {
  /// This folder.
  static let tests = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  /// The project's folder.
  static let root = tests.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }

  /// The Python whose packages are those of `requirements.txt`; `make test` makes and names it.
  static var python: String? { Environment["OPENAI_CLIENT_PYTHON"] }

  /// A tool that was built beside these tests.
  static func path(of tool: String) -> String { (Executable.directory ?? ".") + "/" + tool }
}

extension Trait where Self == ConditionTrait {
  /// For tests that are nothing without OpenAI's client.
  static var needsOpenAIClient: Self {
    .enabled(if: Tools.python != nil, "OPENAI_CLIENT_PYTHON names no Python; `make test` makes one")
  }
}

/// Tests of whole deployments; they take turns, because each of them wants all of the machine.
@Suite(.serialized, .timeLimit(.minutes(4))) enum `Whole deployments` {}
