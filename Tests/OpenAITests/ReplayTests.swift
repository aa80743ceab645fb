import OpenAI
import Testing

@Suite struct `The replay protocol` {
  @Test func `carries a ticket through its text, whatever the id`() {
    let ticket = RequestTicket(id: "a;b=c ", seed: .max, created: 17)
    #expect(RequestTicket(parsing: ticket.text) == ticket)
    for text in ["", "r1", "seed=1;id=x", "seed=x;created=1;id=a", "created=1;seed=1;id=a"] {
      #expect(RequestTicket(parsing: text) == nil)
    }
  }

  @Test func `carries tokens through their text, and knows an opened choice from none`() {
    var emitted = EmittedTokens()
    #expect(emitted.isEmpty)
    emitted.add([], choice: 2)
    emitted.add([5, 7], choice: 0)
    emitted.add([9], choice: 0)
    #expect(emitted.text == "0=5,7,9;2=" && emitted.count == 3)
    #expect(EmittedTokens(parsing: emitted.text) == emitted)
    for text in ["", "0", "=1", "-1=2", "0=1,", "0=,1", "0=x", "0=1;", "0=-4", "0=99999999999"] {
      #expect(EmittedTokens(parsing: text) == nil, "\(text)")
    }
  }
}
