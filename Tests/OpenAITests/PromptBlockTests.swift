import OpenAI
import Testing

@Suite struct `The blocks of a prompt` {
  private func blocks(_ json: String) throws -> [UInt64] {
    try RequestReader().outline(Array(json.utf8), hashingPrompt: true).promptBlocks
  }

  private let text = String(repeating: "0123456789abcdef", count: 20)

  @Test func `are alike as far as the texts are`() throws {
    let one = try blocks(#"{"model":"m","prompt":"\#(text)one"}"#)
    let other = try blocks(
      #"{"prompt":"\#(text)other and more, so that a block is full ....................................................","model":"m"}"#
    )
    #expect(one.count == 5 && other.count == 6 && Array(other.prefix(5)) == one)
    #expect(Set(one).count == 5)
    let late = try blocks(#"{"model":"m","prompt":"\#(text.dropLast())X"}"#)
    #expect(Array(late.prefix(4)) == Array(one.prefix(4)) && late[4] != one[4])
  }

  @Test func `differ from the first by model`() throws {
    #expect(
      try blocks(#"{"model":"a","prompt":"\#(text)"}"#).first
        != blocks(#"{"model":"b","prompt":"\#(text)"}"#).first)
  }

  @Test func `follow messages with their parts and tools`() throws {
    func chat(_ last: String) -> String {
      #"{"model":"m","tools":[{"function":{"name":"f"}}],"messages":[{"role":"system","content":"\#(text)"},"#
        + #"{"role":"user","content":[{"type":"text","text":"\#(last)"}]}]}"#
    }
    let (one, other) = (try blocks(chat(text)), try blocks(chat(text + text)))
    #expect(one.count == 10 && Array(other.prefix(one.count)) == one)
    #expect(try blocks(#"{"prompt":[1,2,3]}"#).isEmpty && blocks(#"{"messages":"x"}"#).isEmpty)
    #expect(try RequestReader().outline(Array(chat(text).utf8)).promptBlocks.isEmpty)
  }
}
