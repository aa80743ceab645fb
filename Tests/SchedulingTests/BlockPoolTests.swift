import Scheduling
import Testing

@Suite struct `The block pool` {
  @Test func `takes the block that was free for longest`() {
    var pool = BlockPool(blockCount: 4)
    var first: [Int32] = []
    var second: [Int32] = []
    #expect(pool.allocate(2, into: &first))
    #expect(pool.allocate(2, into: &second))
    #expect((first, second) == ([0, 1], [2, 3]))
    pool.release(&second)
    pool.release(&first)
    #expect(first.isEmpty)
    #expect(pool.allocate(4, into: &first))
    #expect(first == [3, 2, 1, 0])
  }

  @Test func `changes nothing when too few blocks are free`() {
    var pool = BlockPool(blockCount: 3)
    var table: [Int32] = []
    #expect(!pool.allocate(4, into: &table))
    #expect(table.isEmpty)
    #expect(pool.freeCount == 3)
    #expect(pool.allocate(0, into: &table))
    #expect(pool.allocate(-1, into: &table))
    #expect(pool.usedCount == 0)
  }
}
