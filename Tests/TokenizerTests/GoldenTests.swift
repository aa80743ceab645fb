import JSON
import Testing
import Tokenizer

/// Against what the `tokenizers` library answers (`Tests/Fixtures/make_tokenizer_goldens.py`).
@Suite struct `The tokenizer agrees with the reference` {
  let golden: JSONValue
  let tokenizer: Tokenizer

  init() throws {
    golden = try Fixtures.json("tokenizer/toy.json")
    tokenizer = try Fixtures.toyTokenizer()
  }

  @Test func `on encoding, control tokens matched`() throws {
    let cases = try #require(golden["encode"]?.elements)
    #expect(cases.count > 200)
    for entry in cases {
      let text = try #require(entry["text"]?.string)
      let ids = tokenizer.encode(text, specialTokens: .matched)
      #expect(ids == entry["ids"]?.ids, "\(text.debugDescription)")
      #expect(tokenizer.decode(ids, skippingSpecial: false) == text)
    }
  }

  @Test func `on encoding, control tokens as text`() throws {
    for entry in try #require(golden["plain"]?.elements) {
      let text = try #require(entry["text"]?.string)
      #expect(tokenizer.encode(text, specialTokens: .asText) == entry["ids"]?.ids, "\(text.debugDescription)")
    }
  }

  @Test func `on decoding, also of what is no UTF-8`() throws {
    for entry in try #require(golden["decode"]?.elements) {
      let ids = try #require(entry["ids"]?.ids)
      #expect(tokenizer.decode(ids, skippingSpecial: false) == entry["text"]?.string, "\(ids)")
      var stream = StreamingDetokenizer()
      let pieces = ids.map { stream.append(tokenizer.bytes(of: $0) ?? []) }
      #expect(pieces.joined() + stream.finish() == entry["text"]?.string, "\(ids)")
    }
  }
}

@Suite struct `A tokenizer file` {
  private func with(_ name: String, _ value: JSONValue) throws -> JSONValue {
    let members = try #require(try Fixtures.json("deepseek-v3-toy/tokenizer.json").members)
    return .object(members.filter { $0.name != name } + [JSONMember(name, value)])
  }

  @Test func `with merges in pairs reads as the one with merges in strings`() throws {
    let members = try #require(try Fixtures.json("deepseek-v3-toy/tokenizer.json")["model"]?.members)
    let merges = try #require(members.first { $0.name == "merges" }?.value.elements)
    let other = merges.map { merge -> JSONValue in
      if let pair = merge.elements { return .string(pair.compactMap(\.string).joined(separator: " ")) }
      return .array((merge.string ?? "").split(separator: " ").map { .string(String($0)) })
    }
    let model = JSONValue.object(
      members.filter { $0.name != "merges" } + [JSONMember("merges", .array(other))])
    let text = "The rank answers, the ingress asks."
    #expect(
      try Tokenizer(try with("model", model)).encode(text, specialTokens: .matched)
        == Fixtures.toyTokenizer().encode(text, specialTokens: .matched))
  }

  @Test(arguments: [
    ("normalizer", #"{"type":"NFC"}"#, "tokenizer.json: the normalizer NFC is not supported"),
    ("decoder", #"{"type":"Metaspace"}"#, "tokenizer.json: the decoder Metaspace is not supported"),
    (
      "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"}"#,
      #"tokenizer.json: the pre_tokenizer regex \w+ is not supported"#
    ),
    ("pre_tokenizer", #"{"type":"Whitespace"}"#, "tokenizer.json: pre_tokenizer Whitespace is not supported"),
    (
      "model", #"{"type":"Unigram"}"#, "tokenizer.json: the model type Unigram is not supported"
    ),
    ("model", #"{"type":"BPE","vocab":{},"merges":[]}"#, "tokenizer.json: model.vocab lacks the byte 0 (Ā)"),
    (
      "added_tokens", #"[{"id":0,"content":"<x>","lstrip":true}]"#,
      "tokenizer.json: lstrip of added token <x> is not supported"
    ),
  ])
  func `that asks for what we do not do is refused by name`(member: String, value: String, message: String)
    throws
  {
    let json = try with(member, try JSONValue(parsing: value))
    #expect { try Tokenizer(json) } throws: { "\($0)" == message }
  }
}
