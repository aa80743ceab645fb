import JSON
import Testing
import Tokenizer

/// Templates of the kinds that the served architectures come with, against transformers; see
/// make_chat_goldens.py.
@Suite struct `Chat templates of other models` {
  @Test(arguments: ["deepseek-v3", "qwen3", "mixtral"])
  func `render as transformers renders them`(name: String) throws {
    let source = String(decoding: try Fixtures.bytes("chat-templates/\(name).jinja"), as: UTF8.self)
    let template = try ChatTemplate(source)
    let golden = try #require(try Fixtures.json("chat-templates/golden.json").elements)
    let cases = golden.filter { $0["template"]?.string == name }
    #expect(cases.count >= 20)
    for entry in cases {
      let variables = try #require(entry["variables"]?.members)
      if let reason = entry["raised"]?.string {
        #expect(throws: ChatTemplateError.raised(reason)) { try template.render(variables) }
      } else {
        #expect(try template.render(variables) == entry["text"]?.string, "\(variables)")
      }
    }
  }
}
