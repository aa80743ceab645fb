// The one routine that cannot be Swift: what a child does between its birth and its program may call nothing but what
// is safe in a signal handler (fork(2), signal-safety(7)).
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Every signal unblocked and at its default action, whatever the parent does with its own.
static void reset_signals(void) {
  const struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &usual, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become(const clinux_child *child, int report) {
  reset_signals();
  if (child->new_session) setsid();
  // The child gets the standard three and what it is given, and nothing that the parent happened to inherit.
  syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
  for (int i = 0; i < child->descriptors; i++) dup2(child->ours[i], child->theirs[i]);
  execve(child->path, child->arguments, child->environment);
  const int code = errno;
  (void)!write(report, &code, sizeof code);
  _exit(127);
}

static pid_t clone_or_fork(int cgroup) {
  if (cgroup < 0) return fork();
  struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

pid_t clinux_spawn(const clinux_child *child, int *exec_error) {
  int report[2];
  *exec_error = 0;
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  // No handler of the parent's may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = clone_or_fork(child->cgroup);
  if (pid == 0) become(child, report[1]);
  if (pid < 0) pid = -errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  // The end of the pipe says that the program runs.
  if (pid > 0 && read(report[0], exec_error, sizeof *exec_error) > 0) waitpid(pid, NULL, 0);
  close(report[0]);
  return pid;
}
