// Fake OpenAI worker: one epoll thread, several ports. Part of the ingress bench.
//   upstream PORT0 NPORTS [chunks=64] [dt_ms=20]
// POST with "stream":true (spaces allowed) -> SSE: `chunks` data events, one each dt_ms, each
// carrying its send time ("t":<CLOCK_MONOTONIC ns>), then usage-less "[DONE]".
// Any other POST -> fixed completion JSON. GET -> 200 with a JSON that satisfies router probes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <signal.h>

static int chunks = 64, dt_ms = 20;
static long n_req, n_stream, n_conn;
typedef struct conn {
  int fd, listening, streaming, left, want_close, dead, flood;
  char *in; size_t in_n, in_cap;
  char *out; size_t out_n, out_off, out_cap;
  long next_ns;
  struct conn *sn, *sp;  // list of streaming connections
} conn;
static conn streams;  // list head
static int ep;

static long now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000L + t.tv_nsec; }
static void unlink_stream(conn *c) { if (c->sn) { c->sn->sp = c->sp; c->sp->sn = c->sn; c->sn = c->sp = 0; } c->streaming = 0; }
static void close_conn(conn *c) { unlink_stream(c); close(c->fd); free(c->in); free(c->out); free(c); }
static void put(conn *c, const char *p, size_t n) {
  if (c->out_n + n > c->out_cap) { c->out_cap = (c->out_n + n) * 2; c->out = realloc(c->out, c->out_cap); }
  memcpy(c->out + c->out_n, p, n); c->out_n += n;
}
static int flush(conn *c) {
  while (c->out_off < c->out_n) {
    ssize_t w = send(c->fd, c->out + c->out_off, c->out_n - c->out_off, MSG_NOSIGNAL);
    if (w < 0) { if (errno == EAGAIN) { struct epoll_event e = {EPOLLIN | EPOLLOUT, {.ptr = c}}; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); return 0; } return -1; }
    c->out_off += w;
  }
  c->out_n = c->out_off = 0;
  return 0;
}
static void put_chunked(conn *c, const char *p, size_t n) {
  char h[16]; int hn = snprintf(h, sizeof h, "%zx\r\n", n);
  put(c, h, hn); put(c, p, n); put(c, "\r\n", 2);
}
static const char FIXED[] =
  "{\"id\":\"cmpl-0123456789abcdef\",\"object\":\"text_completion\",\"created\":1700000000,\"model\":\"bench\","
  "\"choices\":[{\"index\":0,\"text\":\" the quick brown fox jumps over the lazy dog\",\"logprobs\":null,\"finish_reason\":\"length\"}],"
  "\"usage\":{\"prompt_tokens\":16,\"completion_tokens\":16,\"total_tokens\":32}}";
static const char FIXED_CHAT[] =
  "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench\","
  "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"the quick brown fox jumps over the lazy dog\"},\"logprobs\":null,\"finish_reason\":\"length\"}],"
  "\"usage\":{\"prompt_tokens\":16,\"completion_tokens\":16,\"total_tokens\":32}}";
static const char INFO[] =
  "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"bench\",\"max_model_len\":16384}],"
  "\"model_path\":\"bench\",\"model_id\":\"bench\",\"served_model_name\":\"bench\",\"dp_size\":1,\"tp_size\":1,\"version\":\"0.0\",\"status\":\"ok\",\"load\":0,\"is_generation\":true}";
static void reply(conn *c, const char *b, size_t n) {
  char h[160]; int hn = snprintf(h, sizeof h, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", n);
  put(c, h, hn); put(c, b, n);
}
static void sse_one(conn *c) {
  char b[400]; int n = snprintf(b, sizeof b,
    "data: {\"id\":\"cmpl-0123456789abcdef\",\"object\":\"text_completion\",\"created\":1700000000,\"model\":\"bench\","
    "\"choices\":[{\"index\":0,\"text\":\" token\",\"logprobs\":null,\"finish_reason\":null}],\"t\":%ld}\n\n", now_ns());
  put_chunked(c, b, n);
}
static void sse_end(conn *c) { put_chunked(c, "data: [DONE]\n\n", 14); put(c, "0\r\n\r\n", 5); unlink_stream(c); }
static const char *find(const char *h, size_t n, const char *name) {  // header value, case-insensitive
  size_t k = strlen(name);
  for (size_t i = 0; i + k < n; i++) if (h[i] == '\n' && !strncasecmp(h + i + 1, name, k)) return h + i + 1 + k;
  return 0;
}
static int has_stream(const char *b, size_t n) {
  const char *p = memmem(b, n, "\"stream\"", 8); if (!p) return 0;
  for (p += 8; p < b + n && (*p == ' ' || *p == ':'); p++);
  return p < b + n && *p == 't';
}
static int on_data(conn *c) {  // handle all complete requests in c->in
  for (;;) {
    if (c->streaming) return 0;
    char *e = memmem(c->in, c->in_n, "\r\n\r\n", 4);
    if (!e) return 0;
    size_t hn = e - c->in + 4, bn = 0, total;
    const char *v = find(c->in, hn, "content-length:"), *te = find(c->in, hn, "transfer-encoding:");
    char *body = c->in + hn; char *tmp = 0;
    if (te && strcasestr(te, "chunked") && (size_t)(strcasestr(te, "chunked") - c->in) < hn) {
      char *p = body, *end = c->in + c->in_n; size_t bl = 0; tmp = malloc(c->in_n);
      for (;;) {
        char *nl = memmem(p, end - p, "\r\n", 2); if (!nl) { free(tmp); return 0; }
        size_t sz = strtoul(p, 0, 16); p = nl + 2;
        if ((size_t)(end - p) < sz + 2) { free(tmp); return 0; }
        if (sz == 0) { p += 2; break; }
        memcpy(tmp + bl, p, sz); bl += sz; p += sz + 2;
      }
      total = p - c->in; body = tmp; bn = bl;
    } else { bn = v ? strtoul(v, 0, 10) : 0; total = hn + bn; if (c->in_n < total) {
      if (find(c->in, hn, "expect:")) put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
      return flush(c); } }
    n_req++;
    if (c->in[0] == 'P') {
      if (has_stream(body, bn)) {
        static const char H[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
        n_stream++; c->flood = memmem(body, bn, "\"flood\"", 7) != 0; put(c, H, sizeof H - 1); c->streaming = 1; c->left = chunks; c->next_ns = now_ns();
        c->sn = &streams; c->sp = streams.sp; streams.sp->sn = c; streams.sp = c;
      } else if (memmem(c->in, hn, "/chat/", 6)) reply(c, FIXED_CHAT, sizeof FIXED_CHAT - 1);
      else reply(c, FIXED, sizeof FIXED - 1);
    } else if (!strncmp(c->in, "GET /stats", 10)) { char b[128]; int n = snprintf(b, sizeof b, "{\"requests\":%ld,\"streams\":%ld,\"conns\":%ld,\"open_streams\":%d}", n_req, n_stream, n_conn, ({int k=0; for (conn*q=streams.sn;q!=&streams;q=q->sn)k++; k;})); reply(c, b, n); }
    else reply(c, INFO, sizeof INFO - 1);
    free(tmp);
    memmove(c->in, c->in + total, c->in_n - total); c->in_n -= total;
    if (flush(c) < 0) return -1;
  }
}
int main(int argc, char **argv) {
  if (argc < 3) { fprintf(stderr, "upstream PORT0 NPORTS [chunks] [dt_ms]\n"); return 2; }
  int p0 = atoi(argv[1]), np = atoi(argv[2]);
  if (argc > 3) chunks = atoi(argv[3]);
  if (argc > 4) dt_ms = atoi(argv[4]);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit rl = {65536, 65536}; setrlimit(RLIMIT_NOFILE, &rl);
  streams.sn = streams.sp = &streams; ep = epoll_create1(0);
  for (int i = 0; i < np; i++) {
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1; setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(p0 + i), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(s, (void *)&a, sizeof a) || listen(s, 4096)) { perror("bind"); return 1; }
    conn *c = calloc(1, sizeof *c); c->fd = s; c->listening = 1; struct epoll_event e = {EPOLLIN, {.ptr = c}}; epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
  }
  struct epoll_event ev[512];
  for (;;) {
    int to = 1000;
    if (streams.sn != &streams) { long m = 1L << 62, n = now_ns(); for (conn *c = streams.sn; c != &streams; c = c->sn) if (c->next_ns < m) m = c->next_ns; to = m <= n ? 0 : (int)((m - n + 999999) / 1000000); }
    int k = epoll_wait(ep, ev, 512, to);
    for (int i = 0; i < k; i++) {
      conn *c = ev[i].data.ptr;
      if (c->listening) {
        for (;;) { int f = accept4(c->fd, 0, 0, SOCK_NONBLOCK); if (f < 0) break; int one = 1; setsockopt(f, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          conn *d = calloc(1, sizeof *d); d->fd = f; n_conn++; struct epoll_event e = {EPOLLIN, {.ptr = d}}; epoll_ctl(ep, EPOLL_CTL_ADD, f, &e); }
        continue;
      }
      int bad = 0;
      if (ev[i].events & EPOLLOUT) { struct epoll_event e = {EPOLLIN, {.ptr = c}}; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); bad = flush(c) < 0; }
      if (!bad && (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        if (c->in_cap - c->in_n < 16384) { c->in_cap = c->in_n + 65536; c->in = realloc(c->in, c->in_cap); }
        ssize_t r = recv(c->fd, c->in + c->in_n, c->in_cap - c->in_n, 0);
        if (r == 0 || (r < 0 && errno != EAGAIN)) bad = 1; else if (r > 0) { c->in_n += r; bad = on_data(c) < 0; }
      }
      if (bad) close_conn(c);
    }
    long n = now_ns();
    for (conn *c = streams.sn, *nx; c != &streams; c = nx) {
      nx = c->sn;
      if (c->flood) { while (c->out_n - c->out_off < 1 << 20) sse_one(c); if (flush(c) < 0) close_conn(c); else c->next_ns = n + 1000000; continue; }
      if (c->next_ns > n) continue;
      if (c->left-- > 0) { sse_one(c); c->next_ns += dt_ms * 1000000L; if (!c->left) sse_end(c); }
      if (flush(c) < 0) { close_conn(c); continue; }
      if (!c->streaming && c->in_n) on_data(c);
    }
  }
}
