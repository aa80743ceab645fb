"""A block of ranks on one node: dpengine processes that share memory, and a dpingress in front of them."""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

PR_SET_PDEATHSIG = 1
BOARD_ROWS = 8
BOARD_ROW_BYTES = 8192
GROUP_SEGMENT_BYTES = 1 << 20  # rank 0 makes it as large as the model needs
FOLDER = "dpdeploy-block-"
LIBC = ctypes.CDLL(None)


SAMPLE = re.compile(r'(?P<name>[\w:]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(page, prefixes):
    """Name, labels and value of each line of a metrics page whose name begins so."""
    for line in page.splitlines():
        if line.startswith(prefixes) and (found := SAMPLE.match(line)):
            yield found["name"], dict(LABEL.findall(found["labels"] or "")), float(found["value"])


class BlockFailed(RuntimeError):
    """The block does not serve; the text says which process ended, how, and its last line."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None, timeout=30):
    """One request; its status and text, or None and "" when nobody answers."""
    connection = UnixConnection(path, timeout)
    try:
        connection.request(method, target, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None, ""
    finally:
        connection.close()


def find_tool(name):
    """The tool's path: in DPDEPLOY_TOOLS, or else in PATH."""
    path = shutil.which(name, path=os.environ.get("DPDEPLOY_TOOLS")) or shutil.which(name)
    if path is None:
        raise BlockFailed(
            f"node {socket.gethostname()} has no {name}: install dpdeploy's tools there, in the PATH of `ray start`")
    return path


def math_environment(ranks):
    """Ray tells small actors OMP_NUM_THREADS=1; ranks get their part of the processors instead."""
    threads = str(max(1, (os.cpu_count() or 1) // ranks))
    variables = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    if "avx512f" in pathlib.Path("/proc/cpuinfo").read_text(errors="replace"):
        variables["OPENBLAS_CORETYPE"] = "SkylakeX"
    return variables


def sweep():
    """Removes what blocks left that were killed."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(FOLDER + "*-*"):
        owner = folder.name.removeprefix(FOLDER).split("-")[0]
        if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            shutil.rmtree(folder, ignore_errors=True)


class Block:
    """Starts the processes, and ends the whole of them when one ends."""

    def __init__(self, settings, on_end):
        self.settings = settings
        self.on_end = on_end
        sweep()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
        self.socket = self.folder / "clients"
        self.admin = self.folder / "i0.admin"
        self.processes = {}
        self.failure = None
        self.is_stopping = False
        self.wakers = os.pipe()
        self.commands = []
        self.done = threading.Event()
        # Children end with the thread that started them, so one thread does it and stays.
        self.keeper = threading.Thread(target=self._keep, name="block", daemon=True)
        self.keeper.start()

    def start(self):
        """Returns when every rank answered a completion and the ingress knows them; raises BlockFailed otherwise."""
        rank = self.settings["rank"]
        self.deadline = time.monotonic() + self.settings["start_timeout_s"]
        model = pathlib.Path(rank["arguments"][rank["arguments"].index("--model") + 1])
        if not (model / "config.json").exists():
            raise BlockFailed(f"node {socket.gethostname()} has no model in {model}: put it there, at the same path")
        segment = os.memfd_create("dpdeploy-group")
        os.ftruncate(segment, GROUP_SEGMENT_BYTES)
        environment = math_environment(rank["count"]) | dict(v.split("=", 1) for v in rank["environment"])
        for number in range(rank["count"]):
            self._spawn(f"dp{number}", ["dpengine", *rank["arguments"], "--uds", self._rank_socket(number),
                        "--data-parallel-size", rank["count"], "--data-parallel-rank", number, "--epoch", 1,
                        "--group-fd", segment, "--stats-page", self.folder / f"dp{number}.page"],
                        [segment], environment)
        for number in range(rank["count"]):
            self._await(f"dp{number}", lambda: self._completes(self._rank_socket(number)))
        os.close(segment)
        self._start_ingress(rank)

    def _start_ingress(self, rank):
        board = os.memfd_create("dpdeploy-board")
        os.ftruncate(board, BOARD_ROWS * BOARD_ROW_BYTES)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket))
        listener.listen(1024)
        self._spawn("ingress-0", ["dpingress", *self.settings["ingress_arguments"], "--listen-fd", listener.fileno(),
                    "--board-fd", board, "--admin-uds", self.admin, "--stats-page", self.folder / "i0.page",
                    "--replica", 0, "--replicas-max", BOARD_ROWS,
                    "--drain-timeout-s", self.settings["drain_timeout_s"]], [listener.fileno(), board], {})
        table = {"version": 1, "ranks": [
            {"group": 0, "rank": number, "epoch": 1, "endpoint": f"unix:{self._rank_socket(number)}",
             "capacity": rank["capacity"], "state": "RUNNING", "slot": number} for number in range(rank["count"])]}
        self._await("ingress-0", lambda: ask(self.admin, "PUT", "/v1/ranks", table)[0] == 200)
        listener.close()
        os.close(board)

    def _rank_socket(self, number):
        return self.folder / f"dp{number}.socket"

    def _completes(self, path):
        body = {"model": self.settings["model_id"], "prompt": "a", "max_tokens": 1, "temperature": 0}
        return ask(path, "POST", "/v1/completions", body)[0] == 200

    def metrics(self):
        """The metrics page of each rank that answers."""
        pages = (ask(self._rank_socket(number), "GET", "/metrics", timeout=2)
                 for number in range(self.settings["rank"]["count"]))
        return [text for status, text in pages if status == 200]

    def _await(self, name, is_ready):
        while not is_ready():
            if self.failure:
                raise BlockFailed(self.failure)
            if time.monotonic() > self.deadline:
                self.stop()
                raise BlockFailed(f"{name} did not become ready in {self.settings['start_timeout_s']} s")
            time.sleep(0.05)

    def _spawn(self, name, command, descriptors, environment):
        command = [find_tool(command[0]), *map(str, command[1:])]
        done = threading.Event()
        self.commands.append((name, command, descriptors, environment, done))
        os.write(self.wakers[1], b".")
        done.wait()

    def _keep(self):
        """Starts what is asked for and sees each end at once."""
        selector = selectors.DefaultSelector()
        selector.register(self.wakers[0], selectors.EVENT_READ, None)
        while not self.done.is_set():
            for key, _ in selector.select(timeout=1):
                if key.data is not None:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    self._ended(key.data)
                    continue
                os.read(self.wakers[0], 1)
                while self.commands:
                    name, command, descriptors, environment, done = self.commands.pop(0)
                    process = self._launch(name, command, descriptors, environment)
                    selector.register(os.pidfd_open(process.pid), selectors.EVENT_READ, name)
                    done.set()

    def _launch(self, name, command, descriptors, environment):
        log = open(self.folder / f"{name}.log", "wb")
        with log:
            self.processes[name] = subprocess.Popen(
                command, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | environment, preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        return self.processes[name]

    def _ended(self, name):
        status = self.processes[name].wait()
        if self.is_stopping or self.failure:
            return
        how = f"signal {-status}" if status < 0 else f"code {status}"
        self.failure = f"{name} ended ({how}): {self._last_line(name)}"
        self._signal_all(signal.SIGKILL)
        self.on_end(self.failure)

    def _last_line(self, name):
        lines = (self.folder / f"{name}.log").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    def _signal_all(self, number):
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    def stop(self, grace=5):
        """Lets requests finish, ends all processes, and removes what they leave."""
        self.is_stopping = True
        deadline = time.monotonic() + grace
        self._signal_all(signal.SIGTERM)
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, deadline - time.monotonic()))
        self._signal_all(signal.SIGKILL)
        self.done.set()
        self.remove()

    def remove(self):
        """Removes what the block has on disk."""
        shutil.rmtree(self.folder, ignore_errors=True)
