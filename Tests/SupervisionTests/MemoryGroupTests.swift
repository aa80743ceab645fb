import Platform
import Testing

@testable import Supervision

@Suite @Loop struct `The group that memory counts against` {
  @Test func `is found in the hierarchy of version 1`() {
    let mounts = """
      31 24 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
      35 24 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
      39 24 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
      """
    #expect(MemoryGroup.mountOfVersionOne(mounts) == "/sys/fs/cgroup/memory")
    #expect(MemoryGroup.pathOfVersionOne("8:pids:/\n4:cpu,memory:/a/b\n0::/\n") == "/a/b")
    #expect(MemoryGroup.pathOfVersionOne("4:memory:/\n") == "")
    #expect(MemoryGroup.pathOfVersionOne("0::/user.slice\n") == nil)
  }

  @Test func `counts kills and no other events`() {
    let events = "low 0\noom 3\noom_kill 2\noom_group_kill 1\n"
    #expect(MemoryGroup.number(after: "oom_kill", in: events) == 2)
    #expect(MemoryGroup.number(after: "hierarchical_memory_limit", in: "cache 1\n") == nil)
  }
}
