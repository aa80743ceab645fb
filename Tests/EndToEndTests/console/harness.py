"""A window of its own for a program on a terminal, and a scripted controller for dptop to watch.

Shared by the robustness suite (robustness.py) and by the benchmark (Benchmarks/console.py).
"""

import copy
import errno
import fcntl
import json
import math
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import threading
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FIRST_SEQUENCE = 700
RECORDING = os.path.join(PROJECT, "Tests/Fixtures/console/moe.jsonl")


class Window:
    """A program on a pseudo-terminal: what it writes is kept, with the moment at which it came."""

    def __init__(self, words, environment, columns=80, rows=24):
        self.output = bytearray()
        self.status = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(words[0], words, environment)
            finally:
                os._exit(127)
        self.started = time.monotonic()
        self.settings = termios.tcgetattr(self.master)
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """Takes what comes within a time; returns at once when something does. False at the end."""
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return True
        try:
            chunk = os.read(self.master, 1 << 16)
        except OSError as error:
            # The terminal's last owner is gone.
            if error.errno != errno.EIO:
                raise
            return False
        self.output += chunk
        return bool(chunk)

    def until(self, condition, seconds=10):
        """Reads until the condition holds; returns whether it did."""
        deadline = time.monotonic() + seconds
        while not condition():
            rest = deadline - time.monotonic()
            if rest <= 0 or not self.read(rest):
                return bool(condition())
        return True

    def shows(self, text, seconds=10, since=0):
        needle = text.encode()
        return self.until(lambda: needle in self.output[since:], seconds)

    def spend(self, seconds):
        """Reads whatever comes for a time."""
        self.until(lambda: False, seconds)

    def write(self, data):
        """Types bytes; what the program does not take is an error after a while, and what it writes is read meanwhile."""
        data = memoryview(data if isinstance(data, bytes) else data.encode())
        deadline = time.monotonic() + 30
        os.set_blocking(self.master, False)
        while data:
            if time.monotonic() > deadline:
                raise TimeoutError("the program does not read its input")
            readable, writable, _ = select.select([self.master], [self.master], [], 1)
            if readable and not self.read(0):
                break
            if writable:
                try:
                    data = data[os.write(self.master, data):]
                except BlockingIOError:
                    pass
                except OSError as error:
                    if error.errno != errno.EIO:
                        raise
                    break
        os.set_blocking(self.master, True)

    def ended(self, seconds=5):
        """The exit status (negative: the signal) once the program has ended; None when it goes on."""
        deadline = time.monotonic() + seconds
        while self.status is None and time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                # What it wrote last is still on its way, up to the terminal's end.
                self.spend(1)
                break
            # A program may wait for its last output to be taken.
            self.read(0.001)
        return self.status

    def is_restored(self):
        """Whether the terminal is set as it was, and was told to leave what the program had asked of it."""
        now = termios.tcgetattr(self.master)
        modes = [b"?1049", b"?2004", b"?1002", b"?1006"]
        open_modes = [m for m in modes if self.output.rfind(m + b"h") > self.output.rfind(m + b"l")]
        return now[:4] == self.settings[:4] and not open_modes

    def restore(self):
        """Sets the terminal as it was, as a shell does when it takes it back."""
        termios.tcsetattr(self.master, termios.TCSANOW, self.settings)

    def is_stopped(self, seconds):
        """Whether the program is stopped by a signal, soon."""
        def look():
            with open(f"/proc/{self.pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "T"

        deadline = time.monotonic() + seconds
        while not look() and time.monotonic() < deadline:
            self.read(0.001)
        return look()

    def hang_up(self, seconds):
        """Takes the terminal away; returns whether the program ends in time."""
        os.close(self.master)
        self.master = None
        process = os.pidfd_open(self.pid)
        ready, _, _ = select.select([process], [], [], seconds)
        os.close(process)
        return bool(ready)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.master is not None:
            os.close(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Scene:
    """A deployment of so many replicas; its numbers change from second to second, or stay while time goes on."""

    def __init__(self, ranks=16, ingress=64, is_still=False):
        with open(RECORDING) as file:
            next(file)
            lines = [json.loads(line) for line in file]
            self.first = lines[0]["snapshot"]
            self.look = next(line["insight"] for line in lines if "insight" in line)
        self.is_still = is_still
        application = self.first["status"]["applications"][0]
        application["status"] = "RUNNING"
        servers, _, balancers = application["deployments"]
        servers["status"] = "HEALTHY"
        servers["message"] = ""
        servers["replicas"] = [self._replica(servers["replicas"][0], "dp", i) for i in range(ranks)]
        balancers["replicas"] = [self._replica(balancers["replicas"][0], "ingress-", i) for i in range(ingress)]
        servers["targetReplicas"], balancers["targetReplicas"] = ranks, ingress
        self.name = application["name"]
        self.began = time.time()
        self.known = {}

    @staticmethod
    def _replica(pattern, prefix, index):
        replica = copy.deepcopy(pattern)
        replica.update(id=f"{prefix}{index}", state="RUNNING", stale=False)
        replica.pop("observed_age_seconds", None)
        if prefix == "dp":
            replica.update(node=f"node{index // 8}", rank=index)
        return replica

    def snapshot(self, since):
        """The answer to `/v1/snapshot?since=…` of this second, as JSON."""
        second = int(time.time() - self.began)
        key = (second, since)
        if key not in self.known:
            self.known = {key: self._snapshot(second, since)}
        return self.known[key]

    def insight(self):
        """The answer to a look into the application: the recorded one, with its seconds moved to now."""
        look = copy.deepcopy(self.look)
        for distribution in look["latency"]["distributions"]:
            for age, column in enumerate(reversed(distribution["columns"])):
                column["t"] = int(time.time()) - age
        return json.dumps(look).encode()

    def _snapshot(self, second, since):
        wave = 0 if self.is_still else second
        answer = copy.copy(self.first)
        answer["sequence"] = FIRST_SEQUENCE + second
        answer["events"] = self.first["events"] if since == 0 else []
        answer["history"] = {self.name: self._history(second, since)}
        status = copy.copy(self.first["status"])
        application = copy.copy(status["applications"][0])
        application["deployments"] = [self._deployment(d, wave) for d in application["deployments"]]
        application["metrics"] = self._metrics(application["metrics"], wave)
        status["applications"] = [application]
        status["generatedAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began + second))
        answer["status"] = status
        return json.dumps(answer).encode()

    def _history(self, second, since):
        """Ten minutes for a newcomer, then the seconds since the last answer."""
        pattern = self.first["history"][self.name][0]
        seconds = range(second - 599 if since == 0 else since - FIRST_SEQUENCE + 1, second + 1)
        if self.is_still:
            return [dict(pattern, t=self.began + s) for s in seconds]
        return [dict(pattern, t=self.began + s, running=100 + 40 * math.sin(s / 9),
                     generation_tokens_per_second=30000 + 9000 * math.sin(s / 7)) for s in seconds]

    @staticmethod
    def _metrics(pattern, second):
        return dict(pattern, running=150 + second % 17, waiting=second % 5,
                    requests_per_second=41 + second % 7 / 3, generation_tokens_per_second=38000 + 111 * (second % 19))

    @staticmethod
    def _deployment(pattern, second):
        def moved(index, replica):
            wave = (second * (3 + index % 11)) % 23
            changes = {"running": 40 + wave, "waiting": wave % 4, "cpu_ratio": 0.5 + wave / 60}
            if "kv_usage_ratio" in replica:
                changes.update(kv_usage_ratio=0.4 + wave / 50, gpu_utilization_ratio=0.7 + wave / 100,
                               generation_tokens_per_second=12000 + 97 * wave)
            return {**replica, **changes}

        return dict(pattern, replicas=[moved(i, r) for i, r in enumerate(pattern["replicas"])])


JSON = "application/json"


def serve(connection, site):
    """Answers the requests of a connection as `site` says, and none while it is hung."""
    pending = b""
    try:
        while True:
            while b"\r\n\r\n" not in pending:
                chunk = connection.recv(1 << 16)
                if not chunk:
                    return
                pending += chunk
            head, _, pending = pending.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            length = int(fields.get("content-length", 0))
            while len(pending) < length:
                pending += connection.recv(1 << 16)
            pending = pending[length:]
            if site.is_hung:
                continue
            method, target, _ = lines[0].split(" ")
            status, kind, body = site.answer(method, target)
            connection.sendall(
                f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body)
    except OSError:
        pass


class Controller:
    """Answers dptop on a controller's socket by a scene; can hang, or go away and come back."""

    def __init__(self, home, scene):
        self.path = os.path.join(home, "controller.sock")
        self.scene = scene
        self.is_hung = False
        self.changes = []
        self.listener = None
        self.connections = set()
        self.lock = threading.Lock()
        self.come()

    def come(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def go(self):
        """Ends in the middle of whatever it does."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.connections:
                connection.close()
            self.connections.clear()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=serve, args=(connection, self), daemon=True).start()

    def answer(self, method, target):
        """Status, type and body of the answer to a request."""
        if method != "GET":
            self.changes.append((method, target))
        if target == "/v1/version":
            return 200, JSON, json.dumps({"version": "0.1.0", "pid": os.getpid()}).encode()
        if target.startswith("/v1/snapshot"):
            return 200, JSON, self.scene.snapshot(int(re.search("since=([0-9]*)", target)[1]))
        if (method, target) == ("GET", "/v1/applications"):
            return 200, JSON, json.dumps(json.loads(self.scene.snapshot(0))["status"]).encode()
        if re.search("/insight([?]|$)", target):
            return 200, JSON, self.scene.insight()
        if target.startswith("/v1/logs"):
            lines = [{"replica": f"dp{i % 4}", "epoch": 3, "text": f"step {i}: batch of {i % 9}"} for i in range(200)]
            return 200, JSON, json.dumps({"lines": lines, "cursor": "1"}).encode()
        if target.endswith("/revisions"):
            return 200, JSON, b'{"revisions":[]}'
        return 404, JSON, json.dumps({"code": "not-found", "message": f"nothing at {target}", "exitCode": 1}).encode()


class Page:
    """The metrics page of one engine."""

    def __init__(self, pages, engine):
        self.pages, self.engine = pages, engine

    @property
    def is_hung(self):
        return self.pages.is_hung

    def answer(self, method, target):
        return 200, "text/plain; version=0.0.4", self.pages.page(self.engine)


class Pages:
    """Metrics pages of vLLM on loopback, one port an engine; can hang."""

    def __init__(self, count):
        self.is_hung = False
        self.began = time.time()
        self.ports = []
        for engine in range(count):
            listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.ports.append(listener.getsockname()[1])
            threading.Thread(target=self._accept, args=(listener, engine), daemon=True).start()

    def _accept(self, listener, engine):
        while True:
            connection, _ = listener.accept()
            page = Page(self, engine)
            threading.Thread(target=serve, args=(connection, page), daemon=True).start()

    BOUNDS = ["0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5",
              "5.0", "7.5", "10.0", "20.0", "40.0", "80.0", "160.0", "640.0", "2560.0", "+Inf"]
    HISTOGRAMS = ["time_to_first_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds",
                  "request_queue_time_seconds", "request_prefill_time_seconds", "request_decode_time_seconds",
                  "request_inference_time_seconds", "request_time_per_output_token_seconds", "request_prompt_tokens",
                  "request_generation_tokens", "request_params_max_tokens", "request_params_n",
                  "iteration_tokens_total"]

    def page(self, engine):
        """What an engine of ten requests a second would write now: about 31 kB."""
        n = int((time.time() - self.began) * 10) + 100
        labels = f'engine="{engine}",model_name="deepseek-ai/DeepSeek-V3"'
        lines = []
        for name in self.HISTOGRAMS:
            lines += [f"# HELP vllm:{name} Histogram of {name}.", f"# TYPE vllm:{name} histogram"]
            lines += [f'vllm:{name}_bucket{{engine="{engine}",le="{bound}",{labels.partition(",")[2]}}} '
                      f"{min(n, n * i // 9)}.0" for i, bound in enumerate(self.BOUNDS)]
            lines += [f"vllm:{name}_count{{{labels}}} {n}.0", f"vllm:{name}_sum{{{labels}}} {n * 0.2:.3f}"]
        for name, value in {"prompt_tokens_total": n * 200, "generation_tokens_total": n * 100,
                            "num_preemptions_total": 0}.items():
            lines += [f"# TYPE vllm:{name} counter", f"vllm:{name}{{{labels}}} {value}.0"]
        lines.append(f'vllm:request_success_total{{{labels},finished_reason="stop"}} {n}.0')
        for name, value in {"num_requests_running": 20 + n % 9, "num_requests_waiting": n % 3,
                            "kv_cache_usage_perc": 0.4 + n % 31 / 100}.items():
            lines += [f"# TYPE vllm:{name} gauge", f"vllm:{name}{{{labels}}} {value}"]
        return ("\n".join(lines) + "\n").encode()
