import JSON
import Manifest
import Testing

@testable import dpdeploy

@Suite struct `YAML` {
  @Test func `has blocks for what is in something, and quotes for what could be misread`() throws {
    let value = try JSONValue(
      parsing:
        #"{"a":{"b":[1,{"c":null,"d":[]},[true,"x"]],"e":{}},"no":"yes","f":"-1","g":"a: b","h":1.5,"i":""}"#)
    #expect(
      YAMLText.document(value) == """
        a:
          b:
            - 1
            - c: null
              d: []
            - - true
              - x
          e: {}
        "no": "yes"
        f: "-1"
        g: "a: b"
        h: 1.5
        i: ""

        """)
  }

  @Test(arguments: ["3", "[]", "\"null\""]) func `is a scalar too`(json: String) throws {
    #expect(YAMLText.document(try JSONValue(parsing: json)) == json + "\n")
  }
}
