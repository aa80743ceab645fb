#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? -errno : (int)value; }

int clinux_accept4(int fd) { return result(accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }
int clinux_memfd_create(const char *name) { return result(memfd_create(name, MFD_CLOEXEC)); }
int clinux_punch_hole(int fd, int64_t offset, int64_t length) {
  return result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
}
int clinux_pidfd_open(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }
int clinux_pidfd_send_signal(int pidfd, int signal) {
  return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int clinux_pidfd_send_group_signal(int pidfd, int signal) {
  const unsigned process_group = 1u << 2;  // PIDFD_SIGNAL_PROCESS_GROUP
  return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, process_group));
}
int clinux_pidfd_getfd(int pidfd, int number) { return result(syscall(SYS_pidfd_getfd, pidfd, number, 0)); }

int clinux_pidfd_exit_status(int pidfd, int *status) {
  // struct pidfd_info and PIDFD_GET_INFO of <linux/pidfd.h>, which Debian 12 does not have yet.
  struct {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t exit_code;
  } info = {.mask = 1u << 3};  // PIDFD_INFO_EXIT
  if (ioctl(pidfd, _IOWR(0xFF, 11, info), &info) < 0 || !(info.mask & (1u << 3))) return 0;
  *status = info.exit_code;
  return 1;
}

int clinux_futex_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns) {
  struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u)};
  return result(syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, NULL, 0));
}
int clinux_futex_wake(const uint32_t *word, int count) {
  return result(syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0));
}

int clinux_set_child_subreaper(void) { return result(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }
int clinux_set_thread_name(const char *name) { return -pthread_setname_np(pthread_self(), name); }
int clinux_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return result(sched_setaffinity(0, sizeof set, &set));
}

int clinux_reap(pid_t pid, int *code, int *signal) {
  int status = 0;
  pid_t reaped = waitpid(pid, &status, WNOHANG);
  if (reaped <= 0) return result(reaped);
  *code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return 1;
}

void clinux_trim_heap(void) { malloc_trim(0); }

char **clinux_environ(void) { return environ; }

int clinux_window_size(int fd, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return -errno;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 0;
}

uint64_t clinux_thread_cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void clinux_cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

bool clinux_cpu_has_avx512(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}
