import Testing

@testable import dpdeploy

@Suite struct `What is handed on` {
  @Test func `holds no secret that is known, and none behind Bearer`() {
    let redaction = Redaction(["hush-hush", "hush", "ab"])
    #expect(redaction("a hush-hush b hush ab") == "a <redacted> b <redacted> ab")
    #expect(redaction("Authorization: Bearer sk-123 next") == "Authorization: Bearer <redacted> next")
  }

  @Test func `takes secrets from variables whose names speak of them`() {
    let entries = ["HF_TOKEN=abcd", "PATH=/bin", "my_password=p=q", "API_KEY"]
    #expect(Redaction.secrets(inEnvironment: entries) == ["abcd", "p=q"])
  }
}
