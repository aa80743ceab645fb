import JSON
import Testing
import Tokenizer

/// A tokenizer of each pre-tokenizer family and what the `tokenizers` library answers with it; see
/// make_tokenizer_goldens.py and make_tokenizer_families.py.
enum Family: String, CaseIterable {
  case deepSeek, llama3, qwen, gpt2, deepSeekV2
  /// That of the bundled model.
  case operatorMoE = "operator-moe"

  var golden: JSONValue {
    get throws { try Fixtures.json(self == .deepSeek ? "tokenizer/toy.json" : "tokenizer/\(rawValue).json") }
  }

  var tokenizer: Tokenizer {
    get throws {
      switch self {
      case .deepSeek: try Fixtures.toyTokenizer()
      case .operatorMoE: try Tokenizer(try Fixtures.json("../../models/operator-moe/tokenizer.json"))
      default: try Tokenizer(try Fixtures.json("tokenizer/\(rawValue).tokenizer.json"))
      }
    }
  }
}

@Suite struct `The tokenizer agrees with the reference` {
  @Test(arguments: Family.allCases)
  func `on encoding, control tokens matched`(family: Family) throws {
    let tokenizer = try family.tokenizer
    let cases = try #require(try family.golden["encode"]?.elements)
    #expect(cases.count > 200)
    for entry in cases {
      let text = try #require(entry["text"]?.string)
      let ids = tokenizer.encode(text, specialTokens: .matched)
      #expect(ids == entry["ids"]?.ids, "\(text.debugDescription)")
      // Swift's equality of strings is that of their normalised forms, so this holds for Qwen too.
      #expect(tokenizer.decode(ids, skippingSpecial: false) == text)
    }
  }

  @Test(arguments: Family.allCases)
  func `on encoding, control tokens as text`(family: Family) throws {
    let tokenizer = try family.tokenizer
    for entry in try #require(try family.golden["plain"]?.elements) {
      let text = try #require(entry["text"]?.string)
      #expect(tokenizer.encode(text, specialTokens: .asText) == entry["ids"]?.ids, "\(text.debugDescription)")
    }
  }

  @Test(arguments: Family.allCases)
  func `on decoding, also of what is no UTF-8`(family: Family) throws {
    let tokenizer = try family.tokenizer
    for entry in try #require(try family.golden["decode"]?.elements) {
      let ids = try #require(entry["ids"]?.ids)
      #expect(tokenizer.decode(ids, skippingSpecial: false) == entry["text"]?.string, "\(ids)")
      var stream = StreamingDetokenizer()
      let pieces = ids.map { stream.append(tokenizer.bytes(of: $0) ?? []) }
      #expect(pieces.joined() + stream.finish() == entry["text"]?.string, "\(ids)")
    }
  }
}

@Suite struct `A SentencePiece tokenizer agrees with the reference` {
  @Test(arguments: ["mixtral", "metaspace"])
  func `on encoding and on the text of what it encoded`(name: String) throws {
    let tokenizer = try Tokenizer(try Fixtures.json("tokenizer/\(name).tokenizer.json"))
    let cases = try #require(try Fixtures.json("tokenizer/\(name).json")["encode"]?.elements)
    #expect(cases.count > 80)
    for entry in cases {
      let text = try #require(entry["text"]?.string)
      let ids = tokenizer.encode(text, specialTokens: .matched)
      #expect(ids == entry["ids"]?.ids, "\(text.debugDescription)")
      #expect(tokenizer.decode(ids, skippingSpecial: false) == entry["decoded"]?.string)
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
    ("normalizer", #"{"type":"NFKC"}"#, "tokenizer.json: the normalizer NFKC is not supported"),
    (
      "normalizer", #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"}]}"#,
      "tokenizer.json: the normalizer Lowercase is not supported"
    ),
    ("decoder", #"{"type":"Metaspace"}"#, "tokenizer.json: the decoder Metaspace is not supported"),
    (
      "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"}"#,
      #"tokenizer.json: the pre_tokenizer regex \w+ is not supported"#
    ),
    (
      "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"[^a-z]+"},"behavior":"Isolated"}"#,
      "tokenizer.json: the pre_tokenizer regex [^a-z]+ is not supported"
    ),
    (
      "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"[a\\d]+"},"behavior":"Isolated"}"#,
      #"tokenizer.json: the pre_tokenizer regex [a\d]+ is not supported"#
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
