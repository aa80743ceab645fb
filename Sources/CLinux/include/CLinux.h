// Linux calls that Swift's Glibc module does not show. Wrappers only, but for Spawn.c.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/types.h>

// Each wrapper returns the call's result, or -errno.

int clinux_accept4(int fd);
int clinux_memfd_create(const char *name);
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);
// To the process group that the process leads; -EINVAL where the kernel (before 6.9) cannot.
int clinux_pidfd_send_group_signal(int pidfd, int signal);
// A copy of descriptor `number` of the process, as far as we may look into it.
int clinux_pidfd_getfd(int pidfd, int number);
// The wait status of a process that has ended and was reaped by anybody (Linux 6.15). Returns 1 when it is known, else 0.
int clinux_pidfd_exit_status(int pidfd, int *status);

// Waits while *word == expected, for at most timeout_ns. Returns 0 when woken, -ETIMEDOUT, -EAGAIN or -EINTR.
int clinux_futex_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns);
int clinux_futex_wake(const uint32_t *word, int count);

// Gives the disk blocks of a part of a file back; the file stays as long as it was.
int clinux_punch_hole(int fd, int64_t offset, int64_t length);

int clinux_set_child_subreaper(void);
int clinux_set_thread_name(const char *name);
int clinux_pin_thread(int cpu);

// Reaps `pid` without waiting. *code is the exit code, *signal the signal (0: none). Returns 1 when reaped, 0 when alive.
int clinux_reap(pid_t pid, int *code, int *signal);

// The environment, which Swift 6 refuses as a mutable global.
char **clinux_environ(void);

// Gives what was freed back to the system.
void clinux_trim_heap(void);

int clinux_window_size(int fd, int *columns, int *rows);
uint64_t clinux_thread_cpu_ns(void);
void clinux_cpu_relax(void);

// What to run as a child. Descriptor ours[i] is the child's theirs[i]; no number of ours may be one of theirs.
typedef struct {
  const char *path;
  char *const *arguments, *const *environment;
  const int *ours, *theirs;
  int descriptors;
  bool new_session;
  // The folder of the control group (version 2) that it is born in; -1: ours.
  int cgroup;
} clinux_child;
// Returns the child's id, or -errno when none could be made; then *exec_error is what execve said, 0 when it runs.
pid_t clinux_spawn(const clinux_child *child, int *exec_error);

bool clinux_cpu_has_avx512(void);

#endif
