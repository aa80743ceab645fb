"""What overlap, chunk size, backend and batch size do to a group on virtual nodes with modelled links.

Prints one Markdown table a sweep. Each figure is the median of several runs of real ranks with the bundled model.
Usage: exchange_sweep.py FOLDER_OF_THE_TOOLS [--runs N] [overlap|chunk|backend|sequences]...
"""

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What a group's segment begins with; rank 0 makes it larger.
SEGMENT_BYTES = 4096 + 64 * 256
PROMPT = list(range(5, 21))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


class Group:
    """Real ranks of one group; ended when the block is left."""

    def __init__(self, tools, nodes, words):
        self.folder = tempfile.mkdtemp(prefix="dpsweep-")
        self.segment = os.memfd_create("sweep", 0)
        os.ftruncate(self.segment, SEGMENT_BYTES)
        self.sockets = [f"{self.folder}/{rank}.sock" for rank in range(len(nodes))]
        self.logs = [open(f"{self.folder}/{rank}.log", "w+") for rank in range(len(nodes))]
        self.ranks = [
            subprocess.Popen(
                [f"{tools}/dpengine", "--model", f"{PROJECT}/models/operator-moe", "--uds", self.sockets[rank],
                 "--data-parallel-size", str(len(nodes)), "--data-parallel-rank", str(rank), "--group-fd",
                 str(self.segment), "--nodes", ",".join(map(str, nodes)), "--seed", "1", *words],
                pass_fds=[self.segment], stderr=self.logs[rank], stdout=subprocess.DEVNULL)
            for rank in range(len(nodes))
        ]

    def __enter__(self):
        deadline = time.monotonic() + 60
        for rank, path in enumerate(self.sockets):
            while not self.answers(path):
                if self.ranks[rank].poll() is not None or time.monotonic() > deadline:
                    self.logs[rank].seek(0)
                    self.__exit__()
                    raise RuntimeError(f"rank {rank} did not start: {self.logs[rank].read()}")
                time.sleep(0.02)
        return self

    def __exit__(self, *_):
        for rank in self.ranks:
            rank.kill()
        for rank in self.ranks:
            rank.wait()
        os.close(self.segment)
        shutil.rmtree(self.folder)

    @staticmethod
    def answers(path):
        try:
            return Group.call(path, "GET", "/health")[0] == 200
        except OSError:
            return False

    @staticmethod
    def call(path, method, target, body=None):
        connection = UnixConnection(path)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def generate(self, sequences, tokens):
        """Seconds in which every rank generates `tokens` tokens for each of `sequences` sequences."""
        body = json.dumps({"prompt": PROMPT, "n": sequences, "max_tokens": tokens, "temperature": 1, "seed": 1,
                           "ignore_eos": True})
        statuses = []
        def ask(path):
            statuses.append(self.call(path, "POST", "/v1/completions", body))
        threads = [threading.Thread(target=ask, args=[path]) for path in self.sockets]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.monotonic() - begin
        for status, text in statuses:
            if status != 200:
                raise RuntimeError(f"{status}: {text[:300]}")
        return elapsed

    def metrics(self):
        """Sums over the ranks by series, less the labels that are the same for all."""
        sums = {}
        for path in self.sockets:
            for line in self.call(path, "GET", "/metrics")[1].splitlines():
                found = re.fullmatch(r"([^ #{]+)(?:\{(.*)\})? ([^ ]+)", line)
                if found:
                    labels = ",".join(
                        sorted(part for part in (found[2] or "").split(",") if not re.match("engine=|model_name=", part)))
                    sums[found[1], labels] = sums.get((found[1], labels), 0) + float(found[3])
        return sums


def measure(tools, runs, nodes, words, sequences, tokens=48):
    """Median tokens per second and what the counters rose by in that run."""
    results = []
    for _ in range(runs):
        with Group(tools, nodes, words) as group:
            group.generate(sequences, 4)
            before = group.metrics()
            seconds = group.generate(sequences, tokens)
            after = group.metrics()
        rise = {key: after[key] - before.get(key, 0) for key in after}
        rise["workspace"] = after["dpdeploy:memory_bytes", 'part="workspace"'] / len(nodes)
        results.append((len(nodes) * sequences * tokens / seconds, rise))
    results.sort(key=lambda result: result[0])
    return results[len(results) // 2]


def links(latency, gbps=None):
    link = {"latency_us": latency, **({"gbps": gbps} if gbps else {})}
    return ["--links", json.dumps({"inter": link})]


def share(rise, outcome):
    steps = sum(value for (name, *_), value in rise.items() if name == "dpdeploy:dbo_steps_total") if rise else 0
    return 100 * rise.get(("dpdeploy:dbo_steps_total", f'outcome="{outcome}"'), 0) / max(1, steps)


def table(title, columns, rows):
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def overlap(tools, runs):
    def rows():
        for latency in [0, 200, 1000, 5000]:
            figures = []
            for words in [[], ["--enable-dbo", "--dbo-decode-token-threshold", "32"]]:
                rate, rise = measure(tools, runs, [0, 1], words + (links(latency) if latency else []), 64)
                figures.append((rate, rise))
            (off, _), (on, rise) = figures
            waits = [rise["dpdeploy:link_wait_seconds_total", ""] for _, rise in figures]
            yield (latency, f"{off:.0f}", f"{on:.0f}", f"{100 * (on / off - 1):+.0f} %",
                   f"{waits[0]:.2f} / {waits[1]:.2f}", f"{share(rise, 'used'):.0f} %")
    table("Two ranks on two nodes, 64 sequences each",
          ["latency, µs", "tokens/s", "with DBO", "gain", "seconds on links, without / with", "steps overlapped"], rows())


def overlap_small(tools, runs):
    def rows():
        for sequences in [4, 16, 64]:
            words = links(1000)
            off, _ = measure(tools, runs, [0, 1], words, sequences)
            on, _ = measure(tools, runs, [0, 1], words + ["--enable-dbo", "--dbo-decode-token-threshold", "2"], sequences)
            yield sequences, f"{off:.0f}", f"{on:.0f}", f"{100 * (on / off - 1):+.0f} %"
    table("Two ranks on two nodes, 1000 µs, threshold 2", ["sequences a rank", "tokens/s", "with DBO", "gain"], rows())


def chunk(tools, runs):
    def rows():
        for size in [8, 16, 64, 256]:
            rate, rise = measure(tools, runs, [0, 1], links(200) + ["--moe-dp-chunk-size", str(size)], 64)
            count = rise["dpdeploy:step_chunks_count", ""]
            yield size, f"{rise['dpdeploy:step_chunks_sum', ''] / count:.1f}", f"{rate:.0f}", \
                f"{rise['workspace'] / 2**20:.1f}"
    table("Two ranks on two nodes, 200 µs, 64 sequences each",
          ["chunk size", "chunks a step", "tokens/s", "workspace, MiB"], rows())


def backend(tools, runs):
    def rows():
        for name in [None, "naive", "deepep_high_throughput", "deepep_low_latency"]:
            words = ["--all2all-backend", name] if name else []
            rate, rise = measure(tools, runs, [0] * 4 + [1] * 4, words + links(50, 1), 16, 32)
            tokens = rise["dpdeploy:expert_rows_dispatched_total", ""] / TOP_K
            cells = []
            for direction in ["dispatch", "combine"]:
                for path in ["inter_node", "intra_node"]:
                    bytes_ = rise["dpdeploy:exchanged_bytes_total", f'direction="{direction}",path="{path}"']
                    cells.append(f"{bytes_ / tokens:.0f}")
            yield name or "none", *cells[:2], *cells[2:], f"{rate:.0f}", f"{rise['workspace'] / 2**20:.1f}"
    table("Eight ranks on two nodes, 50 µs and 1 Gbit/s, 16 sequences each; bytes a token and layer",
          ["backend", "dispatch between nodes", "within", "combine between nodes", "within", "tokens/s",
           "workspace, MiB"], rows())


def sequences(tools, runs):
    def rows():
        for most in [4, 16, 64]:
            rate, rise = measure(tools, runs, [0, 1], links(200) + ["--max-num-seqs", str(most)], 64)
            steps = rise["vllm:inter_token_latency_seconds_count", ""]
            yield most, f"{rate:.0f}", f"{1000 * rise['vllm:inter_token_latency_seconds_sum', ''] / steps:.2f}"
    table("Two ranks on two nodes, 200 µs, 64 requests each",
          ["max_num_seqs", "tokens/s", "mean time between tokens, ms"], rows())


with open(f"{PROJECT}/models/operator-moe/config.json") as file:
    TOP_K = json.load(file)["num_experts_per_tok"]
SWEEPS = {"overlap": overlap, "small": overlap_small, "chunk": chunk, "backend": backend, "sequences": sequences}
parser = argparse.ArgumentParser()
parser.add_argument("tools")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("sweeps", nargs="*", default=list(SWEEPS))
chosen = parser.parse_args()
for sweep in chosen.sweeps:
    SWEEPS[sweep](chosen.tools, chosen.runs)
