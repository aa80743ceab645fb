import JSON
import OpenAI
import Tensors
import Tokenizer

/// The text side of a model: its tokenizer, its chat template, and what its generation settings default to.
struct ModelText: Sendable {
  let tokenizer: Tokenizer
  let defaults: GenerationDefaults
  private let template: ChatTemplate?
  private let variables: [JSONMember]

  /// Reads tokenizer.json, tokenizer_config.json, chat_template.jinja and generation_config.json of `folder`.
  ///
  /// Only the first of them must be there.
  init(folder: String) throws(EngineError) {
    tokenizer = try Self.configuring { try Tokenizer(try MappedFile.json(path: folder + "/tokenizer.json")) }
    let settings = try Self.optionalJSON(folder + "/tokenizer_config.json") ?? .object([])
    variables = Self.specialTokens(settings)
    template = try Self.template(folder, settings)
    defaults = GenerationDefaults(try Self.optionalJSON(folder + "/generation_config.json") ?? .object([]))
  }

  private static func configuring<Value>(_ body: () throws -> Value) throws(EngineError) -> Value {
    do { return try body() } catch { throw .configuration("\(error)") }
  }

  private static func optionalJSON(_ path: String) throws(EngineError) -> JSONValue? {
    guard FileProbe.exists(path) else { return nil }
    return try configuring { try MappedFile.json(path: path) }
  }

  private static func template(_ folder: String, _ settings: JSONValue) throws(EngineError) -> ChatTemplate? {
    let path = folder + "/chat_template.jinja"
    if FileProbe.exists(path) {
      let file = try configuring { try MappedFile(path: path) }
      return try configuring { try ChatTemplate(String(decoding: file.bytes, as: UTF8.self)) }
    }
    let named = settings["chat_template"]?.elements?.first { $0["name"]?.string == "default" }?["template"]
    guard let source = settings["chat_template"]?.string ?? named?.string else { return nil }
    return try configuring { try ChatTemplate(source) }
  }

  private static func specialTokens(_ settings: JSONValue) -> [JSONMember] {
    (settings.members ?? []).compactMap { member in
      guard member.name.hasSuffix("_token") else { return nil }
      let text = member.value.string ?? member.value["content"]?.string
      return text.map { JSONMember(member.name, .string($0)) }
    }
  }

  /// The prompt's tokens of a completion request.
  ///
  /// - Throws: 400 for an id outside the vocabulary.
  func tokens(
    of prompt: Prompt, vocabularySize: Int, surrounded: Bool = true
  ) throws(APIError) -> [Int32] {
    switch prompt {
    case .text(let text): return tokenizer.encode(text, specialTokens: .matched, surrounded: surrounded)
    case .tokens(let ids):
      for id in ids where !(0..<vocabularySize).contains(id) {
        throw .badValue("Token id \(id) is out of vocabulary.", parameter: "prompt", value: "\(id)")
      }
      return ids.map(Int32.init)
    }
  }

  /// Has each sequence of `request` begin with its prompt: as it was written, or as its tokens say where it was
  /// given as tokens or truncated.
  func echo(_ request: CompletionRequest, _ prompts: [[Int32]], in sequences: inout [RequestPlanner.Sequence])
  {
    for index in sequences.indices {
      let number = index / request.sampling.choiceCount
      let tokens = sequences[index].prompt
      if case .text(let text) = request.prompts[number], tokens.count == prompts[number].count {
        sequences[index].echo = text
      } else {
        sequences[index].echo = tokenizer.decode(
          tokens, skippingSpecial: request.sampling.skipsSpecialTokens)
      }
    }
  }

  /// The prompt's tokens of a conversation, by the model's chat template.
  ///
  /// Control tokens that users write are plain text: only the template's own are read as such.
  /// - Throws: 400 when there is no template, or it refuses the conversation.
  func tokens(of request: ChatRequest) throws(APIError) -> [Int32] {
    guard let template else {
      throw .badRequest("This model has no chat template; use /v1/completions.", parameter: "messages")
    }
    let written = request.messages.flatMap { [$0.role, $0.content, $0.name ?? ""] }
    let guardScalar = Self.unusedScalar(in: written)
    let guarded: (String) -> JSONValue = { .string(tokenizer.guarded($0, with: guardScalar)) }
    let messages = request.messages.map { message in
      var members = [
        JSONMember("role", guarded(message.role)), JSONMember("content", guarded(message.content)),
      ]
      if let name = message.name { members.append(JSONMember("name", guarded(name))) }
      return JSONValue.object(members)
    }
    let conversation = [
      JSONMember("messages", .array(messages)),
      JSONMember("add_generation_prompt", .bool(request.addsGenerationPrompt)),
    ]
    do {
      let text = try template.render(variables + request.templateArguments + conversation)
      return tokenizer.encode(text, specialTokens: .matched, guardScalar: guardScalar)
    } catch {
      throw .badRequest("\(error)", parameter: "messages")
    }
  }

  /// A noncharacter that does not occur in `texts`.
  private static func unusedScalar(in texts: [String]) -> Unicode.Scalar {
    let candidates = (0xFDD0...0xFDEF).compactMap { Unicode.Scalar(UInt32($0)) }
    return candidates.first { scalar in !texts.contains { $0.unicodeScalars.contains(scalar) } } ?? "\u{F8FF}"
  }
}
