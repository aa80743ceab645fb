import JSON
import Testing
import Tokenizer

@Suite struct `A chat template` {
  private func render(_ template: String, _ variables: String = "{}") throws -> String {
    try ChatTemplate(template).render(try #require(try JSONValue(parsing: variables).members))
  }

  @Test func `renders conversations as transformers does`() throws {
    let configuration = try Fixtures.json("deepseek-v3-toy/tokenizer_config.json")
    let template = try ChatTemplate(try #require(configuration["chat_template"]?.string))
    let tokenizer = try Fixtures.toyTokenizer()
    for entry in try #require(try Fixtures.json("tokenizer/toy.json")["chat"]?.elements) {
      let text = try template.render([
        JSONMember("messages", try #require(entry["messages"])),
        JSONMember("add_generation_prompt", try #require(entry["add_generation_prompt"])),
        JSONMember("bos_token", .string("<|bos|>")), JSONMember("eos_token", .string("<|eos|>")),
      ])
      #expect(text == entry["text"]?.string)
      #expect(tokenizer.encode(text, specialTokens: .matched) == entry["ids"]?.ids)
    }
  }

  /// Answers of jinja2 with trim_blocks and lstrip_blocks.
  @Test(arguments: [
    ("a {{- ' b ' -}} c", "a b c"),
    ("x\n  {% if true %}\n y\n  {% endif %}\nz\n", "x\n y\nz"),
    ("x\n  {%+ if true %}y{% endif +%}\nz", "x\n  y\nz"),
    ("a{# note #}\nb {#- x -#} c", "abc"),
    (
      "{% for x in [1,2,3] %}{{ loop.index0 }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
      "01,12,23"
    ),
    ("{% for x in [] %}x{% else %}none{% endfor %}", "none"),
    ("{% for x in [1,2,3,4] if x % 2 == 0 %}{{ loop.index }}{{ x }}{% endfor %}", "1224"),
    (
      "{% set n = namespace(found=false) %}{% for x in [1] %}{% set n.found = true %}{% endfor %}{{ n.found }}",
      "True"
    ),
    ("{% set a = 1 %}{% for x in [1] %}{% set a = 2 %}{% endfor %}{{ a }}", "1"),
    ("{{ 'a' ~ 1 ~ none }}{{ 1 + 2 * 3 - 4 }}", "a1None3"),
    ("{{ 'yes' if x is defined else 'no' }}{{ y | default('d') }}{{ '' | default('e', true) }}", "node"),
    ("{{ [1,2,3][1:] | tojson }}{{ 'hello'[::-1] }}{{ [1,2,3][-1] }}", "[2, 3]olleh3"),
    (#"{{ {"a": [1, "é\n"], "b": none} | tojson }}"#, #"{"a": [1, "é\n"], "b": null}"#),
    ("{{ [1, {'a': 2}] | tojson(indent=2) }}", "[\n  1,\n  {\n    \"a\": 2\n  }\n]"),
    ("{{ ' x ' | trim | length }}{{ 'ab'.upper() }}{{ ' q'.strip() }}", "1ABq"),
    ("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %}", "a1b2"),
    ("{{ 'b' in 'abc' and 'x' not in ['y'] }}{{ 3 is string }}{{ 'a' is not none }}", "TrueFalseTrue"),
    (
      "{{ 'a,b'.split(',') | join('-') }}{{ 'x.y' | replace('.', '/') }}{{ -7 // 2 }}{{ -7 % 3 }}",
      "a-bx/y-42"
    ),
    ("{%- if a %}1{%- elif not b %}2{%- else %}3{%- endif %}", "2"),
    ("{{ undefined_thing }}|{{ 1.5 }}|{{ (1 if false) }}", "|1.5|"),
  ])
  func `has Jinja's meaning`(template: String, expected: String) throws {
    #expect(try render(template) == expected)
  }

  @Test(arguments: [
    ("a\n{% macro x() %}{% endmacro %}", "line 2, column 4: 'macro' is not supported"),
    ("{% if a %}", "line 1, column 4: 'if' without its end"),
    ("{% endif %}", "line 1, column 4: 'endif' without its beginning"),
    ("{% for x in y %}{% endif %}", "line 1, column 20: unexpected 'endif' in 'for'"),
    ("{{ strftime_now('%d') }}", "line 1, column 4: the function 'strftime_now' is not supported"),
    ("{{ a | sum }}", "line 1, column 6: the filter 'sum' is not supported"),
    ("{{ a b }}", "line 1, column 6: expected the end of the tag, not b"),
    ("{{ a", "line 1, column 1: a tag without its end"),
    ("{{ 'a }}", "line 1, column 4: a string without its closing quote"),
    ("{{ [1] }}", "line 1, column 4: printing an array or object without tojson is not supported"),
    ("{{ nothing.member }}", "line 1, column 11: a member of an undefined value"),
    ("{{ 1 + 'a' }}", "line 1, column 6: '+' of a number and a string is not possible"),
    ("{{ a ! b }}", "line 1, column 6: unexpected character '!'"),
    ("{% for x in 5 %}{% endfor %}", "line 1, column 4: cannot loop over a number"),
  ])
  func `says what it cannot do, and where`(template: String, message: String) {
    #expect { try render(template) } throws: { "\($0)" == "chat template, " + message }
  }

  @Test func `refuses a conversation in the template's own words`() {
    #expect(throws: ChatTemplateError.raised("unknown role: tool")) {
      try render("{{ raise_exception('unknown role: ' ~ r) }}", #"{"r":"tool"}"#)
    }
  }

  @Test func `nested without end is refused`() {
    let deep = "{{ " + String(repeating: "(", count: 10_000) + " }}"
    #expect(throws: ChatTemplateError.self) { try render(deep) }
  }
}
