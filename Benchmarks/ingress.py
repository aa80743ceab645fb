"""Measures an ingress replica beside Debian's haproxy, vllm-router and sglang-router: one of them at a time, with one
worker thread on CPU 0, before four fake ranks that share CPU 1 with the clients.

Prints BENCH lines and a table. CPU is user and system time of the proxy's processes; trust it, and ratios within one run.
Usage: ingress.py FOLDER_OF_THE_TOOLS WORK_FOLDER
(`make bench-ingress`, which installs what is missing below WORK_FOLDER; peers that cannot be had are left out.)
"""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time

from processes import cpu_seconds, resident_mib

TOOLS, WORK = map(os.path.abspath, sys.argv[1:3])
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ingress")
RANKS = [18001 + number for number in range(4)]
PORT = 18080
SECONDS = 4
ROW_WORDS = 8 + 64 + 256  # of the load board: a replica's line, its callers, a word for each rank slot


def pinned(cpus, words, **options):
    return subprocess.Popen(["taskset", "-c", cpus, *words], **options)


def tree(pid):
    found, pids = [], [pid]
    while pids:
        found.append(pids.pop())
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{found[-1]}/task"):
                with open(f"/proc/{found[-1]}/task/{task}/children") as file:
                    pids += map(int, file.read().split())
    return found


def total(figure, pids):
    return sum(map(figure, pids))


class Direct:
    """The ranks without anything before them."""

    port, pids = RANKS[0], []

    def stop(self):
        pass


class Peer:
    """Another proxy, as its own documentation says it is started."""

    port = PORT

    def __init__(self, words, environment=None):
        self.process = pinned("0", words, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True)

    @property
    def pids(self):
        return tree(self.process.pid)

    def stop(self):
        for name in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
                break


class Ours:
    """Replicas of dpingress, started as the controller starts them."""

    port = PORT

    def __init__(self, cpus=("0",)):
        self.folder = os.path.join(WORK, "run")
        os.makedirs(self.folder, exist_ok=True)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", PORT))
        self.listener.listen(4096)
        self.board = os.memfd_create("board")
        os.ftruncate(self.board, 8 * ROW_WORDS * 8)
        self.processes = [self.start(number, cpu) for number, cpu in enumerate(cpus)]
        for number in range(len(cpus)):
            self.publish(number)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, number, cpu):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(f"i{number}.sock"))
        words = [
            os.path.join(TOOLS, "dpingress"), "--listen-fd", str(self.listener.fileno()), "--board-fd",
            str(self.board), "--admin-uds", self.path(f"i{number}.sock"), "--stats-page",
            self.path(f"i{number}.stats"), "--replica", str(number), "--replicas-max", "8", "--model-id", "bench",
            "--policy", "power_of_two"]
        return pinned(cpu, words, pass_fds=[self.listener.fileno(), self.board], stderr=subprocess.DEVNULL)

    def publish(self, number):
        ranks = [
            {"group": 0, "rank": rank, "epoch": 1, "endpoint": f"127.0.0.1:{port}", "capacity": 4096,
             "state": "RUNNING", "slot": rank} for rank, port in enumerate(RANKS)]
        body = json.dumps({"version": 1, "ranks": ranks})
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("localhost")
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.connect(self.path(f"i{number}.sock"))
                connection.request("PUT", "/v1/ranks", body, {"Content-Type": "application/json"})
                assert connection.getresponse().status == 200
                return
            assert time.monotonic() < deadline, "the ingress does not start"
            time.sleep(0.02)

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.listener.close()
        os.close(self.board)


def haproxy():
    path = os.path.join(WORK, "haproxy.cfg")
    servers = "".join(f"  server rank{port} 127.0.0.1:{port}\n" for port in RANKS)
    with open(path, "w") as file:
        file.write(f"""global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
  http-reuse always
  option http-no-delay
frontend clients
  bind 127.0.0.1:{PORT}
  default_backend ranks
backend ranks
  balance roundrobin
{servers}""")
    return Peer(["haproxy", "-db", "-f", path])


def router(name, *options):
    program = os.path.join(WORK, name, "bin", "python")
    module = {"vllm-router": "vllm_router.launch_router", "sglang-router": "sglang_router.launch_router"}[name]
    urls = [f"http://127.0.0.1:{port}" for port in RANKS]
    return Peer([program, "-m", module, "--host", "127.0.0.1", "--port", str(PORT), "--worker-urls", *urls,
                 "--policy", "round_robin", "--log-level", "error", "--prometheus-port", "18090", *options],
                {"TOKIO_WORKER_THREADS": "1", "RUST_LOG": "error"})


def await_answer(port, limit=60):
    deadline = time.monotonic() + limit
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/v1/completions", '{"model":"bench","prompt":"hi","stream":false}',
                               {"Content-Type": "application/json"})
            if connection.getresponse().status == 200:
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody answers at port {port}")
        time.sleep(0.1)


def client(words, cpu="1"):
    done = subprocess.run(["taskset", "-c", cpu, *words], capture_output=True, text=True, timeout=120, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(done.stderr or done.stdout)
    return json.loads(lines[-1])


def requests(port, connections, seconds=SECONDS, cpu="1"):
    return client(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s",
                   os.path.join(HERE, "post.lua"), f"http://127.0.0.1:{port}/v1/completions"], cpu)


def streams(port, count=256, rounds=2):
    return client([os.path.join(WORK, "lg"), "sse", str(port), str(count), str(rounds)])


def costing(proxy, work, unit):
    """What `work` says, and the proxy's CPU seconds for 10,000 of its `unit`."""
    before = total(cpu_seconds, proxy.pids)
    said = work()
    bad = sum(said.get(name, 0) for name in ("err_status", "err_sock", "errors", "non200"))
    if bad:
        print(f"note: {bad} bad answers", file=sys.stderr)
    return said, (total(cpu_seconds, proxy.pids) - before) / said[unit] * 1e4


def growth_of_nonreader(proxy):
    """MiB that the proxy grows by while one client asks for a stream without end and reads nothing of it."""
    before = total(resident_mib, proxy.pids)
    reader = socket.create_connection(("127.0.0.1", proxy.port))
    body = b'{"model":"bench","prompt":"hi","stream":true,"flood":true}'
    reader.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
    most = before
    for _ in range(30):
        time.sleep(0.1)
        most = max(most, total(resident_mib, proxy.pids))
    reader.close()
    return most - before


def idle_connections(proxy, count=10_000):
    """MiB of the proxy with so many connections that each had one answer."""
    request = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    held = []
    try:
        for _ in range(count):
            held.append(socket.create_connection(("127.0.0.1", proxy.port)))
            held[-1].sendall(request)
            held[-1].recv(65536)
        time.sleep(1)
        return total(resident_mib, proxy.pids)
    finally:
        for connection in held:
            connection.close()


def measure(name, make):
    proxy = make()
    try:
        await_answer(proxy.port)
        requests(proxy.port, 16, 1)
        row = {"name": name}
        said, row["cpu_c1"] = costing(proxy, lambda: requests(proxy.port, 1), "n")
        row["p50_c1"] = said["p50_us"]
        said, row["cpu_c64"] = costing(proxy, lambda: requests(proxy.port, 64), "n")
        row["rate_c64"] = said["rps"]
        said, row["cpu_c512"] = costing(proxy, lambda: requests(proxy.port, 512), "n")
        if proxy.pids:
            row["rss_512"] = total(resident_mib, proxy.pids)
        said, row["cpu_sse"] = costing(proxy, lambda: streams(proxy.port), "samples")
        row["delay_p50"], row["delay_p99"] = said["p50_us"], said["p99_us"]
        if proxy.pids:
            row["growth"] = growth_of_nonreader(proxy)
        return row
    finally:
        proxy.stop()
        time.sleep(0.3)


def two_over_one():
    """Requests a second of two replicas on two CPUs over those of one on one; clients and ranks have their turns too."""
    rates = []
    for cpus in (("0",), ("0", "1")):
        proxy = Ours(cpus)
        try:
            await_answer(proxy.port)
            rates.append(requests(proxy.port, 64, cpu="0,1")["rps"])
        finally:
            proxy.stop()
    return rates[1] / rates[0]


def memory_of_idle():
    proxy = Ours()
    try:
        await_answer(proxy.port)
        return idle_connections(proxy)
    finally:
        proxy.stop()


def bench(name, value, unit, bar, **more):
    rest = "".join(f" {key}={value}" for key, value in more.items())
    print(f"BENCH name={name} value={value:.2f} unit={unit} bar={bar}{rest}", flush=True)


def report(rows):
    ours = rows["dpingress"]
    for peer, bar in (("haproxy", "<=1.3"), ("vllm-router", "<=0.5")):
        if peer in rows:
            bench(f"ingress_cpu_c64_vs_{peer.replace('-', '_')}", ours["cpu_c64"] / rows[peer]["cpu_c64"], "ratio", bar,
                  ours=f"{ours['cpu_c64']:.3f}", peer=f"{rows[peer]['cpu_c64']:.3f}", peer_name=peer)
    if "haproxy" in rows:
        bench("ingress_sse_cpu_vs_haproxy", ours["cpu_sse"] / rows["haproxy"]["cpu_sse"], "ratio", "<=1.2",
              ours=f"{ours['cpu_sse']:.3f}", peer=f"{rows['haproxy']['cpu_sse']:.3f}", peer_name="haproxy")
        bench("ingress_added_p50_us", ours["p50_c1"] - rows["haproxy"]["p50_c1"], "us", "<=20", over="haproxy")
    bench("ingress_rss_512_mib", ours["rss_512"], "MiB", "<=24")
    bench("ingress_growth_nonreader_mib", ours["growth"], "MiB", "<=1")


def table(rows):
    names = ["cpu_c1", "cpu_c64", "cpu_c512", "rate_c64", "p50_c1", "cpu_sse", "delay_p50", "delay_p99", "rss_512",
             "growth"]
    print("| proxy | " + " | ".join(names) + " |\n|---" * 1 + "|---" * len(names) + "|")
    for row in rows.values():
        cells = [f"{row[name]:.3f}" if name.startswith("cpu") else f"{row[name]:.0f}" if name in row else "–"
                 for name in names]
        print(f"| {row['name']} | " + " | ".join(cells) + " |")


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wanted = {"direct": Direct, "haproxy": haproxy, "dpingress": Ours}
    for name in ("vllm-router", "sglang-router"):
        if os.path.exists(os.path.join(WORK, name, "bin", "python")):
            wanted[name] = lambda name=name: router(name)
    ranks = pinned("1", [os.path.join(WORK, "upstream"), str(RANKS[0]), str(len(RANKS)), "64", "20"])
    rows = {}
    try:
        time.sleep(0.3)
        for name, make in wanted.items():
            try:
                rows[name] = measure(name, make)
            except (OSError, RuntimeError, TimeoutError) as error:
                print(f"note: {name} is left out: {error}", file=sys.stderr)
        report(rows)
        bench("ingress_rss_idle10k_mib", memory_of_idle(), "MiB", "<=64")
        bench("ingress_two_over_one", two_over_one(), "ratio", ">=1.7", cpus=os.cpu_count())
        table(rows)
    finally:
        ranks.terminate()
        ranks.wait()


main()
