#!/usr/bin/env python3
"""Deploys on a real Ray cluster of three raylets on loopback: test_ray.py TOOLS ENVIRONMENT.

Everything is driven by dpdeploy and checked from outside; each step prints what was seen and how long it took.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOOLS, ENVIRONMENT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent.parent / "models" / "operator-moe"
DASHBOARD, SERVE, GCS = 28365, 28100, 26479
HEAD = "127.0.0.2"
RANKS = 8  # of a group, which fills a node


class Cluster:
    """Raylets as nodes; each is a session of its own, so that a node can be killed as one."""

    def __init__(self, folder):
        self.folder = folder
        self.nodes = {}
        self.environment = os.environ | {
            "PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": f"{HERE}:{folder}", "RAY_USAGE_STATS_ENABLED": "0"}

    def start(self):
        self.add(HEAD, "--head", "--port", GCS, "--num-cpus", 1, "--dashboard-host", "127.0.0.1", "--dashboard-port",
                 DASHBOARD, "--temp-dir", self.folder / "ray")
        until("the dashboard answers", lambda: get("/api/version"), 60)
        # Raylets that start at the same moment on one machine are in each other's way.
        for count, address in ((2, "127.0.0.3"), (3, "127.0.0.4")):
            self.add_worker(address)
            until(f"{count} nodes are there", lambda: self.alive() == count, 60)

    def add_worker(self, address):
        self.add(address, "--address", f"{HEAD}:{GCS}", "--num-cpus", RANKS)

    def add(self, address, *arguments):
        command = [ENVIRONMENT / "venv/bin/ray", "start", "--block", "--node-ip-address", address,
                   "--object-store-memory", 80_000_000, *arguments]
        with open(self.folder / f"node-{address}.log", "ab") as log:
            self.nodes[address] = subprocess.Popen([str(part) for part in command], env=self.environment, stdout=log,
                                                   stderr=log, start_new_session=True)

    def alive(self):
        rows = get("/api/v0/nodes?detail=1")["data"]["result"]["result"]
        return sum(row["state"] == "ALIVE" for row in rows)

    def kill(self, address):
        """As a node's loss of power: every process of it at once."""
        node = self.nodes.pop(address)
        for pid in [node.pid, *descendants(node.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.wait()

    def stop(self):
        for address in list(self.nodes):
            self.kill(address)


def descendants(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return found + [further for child in found for further in descendants(child)]


def engines():
    """The ranks' processes, by their binary."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.readlink(entry / "exe") == str(TOOLS / "dpengine"):
                found.append(int(entry.name))
    return found


def request(url, method="GET", body=None, timeout=30):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(asked, timeout=timeout) as answer:
        return answer.read().decode()


def get(path):
    return json.loads(request(f"http://127.0.0.1:{DASHBOARD}{path}", timeout=5))


def until(what, is_so, seconds):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError, TypeError):
            if result := is_so():
                return result
        if time.monotonic() > deadline:
            raise SystemExit(f"FAILED: {what}: not within {seconds} s")
        time.sleep(0.05)


def check(is_so, what):
    if not is_so:
        raise SystemExit(f"FAILED: {what}")


class Deployer:
    """dpdeploy with a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {"DPDEPLOY_HOME": str(folder / "home")}

    def run(self, *arguments, expect=0):
        done = subprocess.run([str(TOOLS / "dpdeploy"), *map(str, arguments)], env=self.environment,
                              capture_output=True, text=True, timeout=300)
        check(done.returncode == expect, f"dpdeploy {' '.join(map(str, arguments))} ended with {done.returncode}, not "
              f"{expect}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def manifest(self, *, name="moe", groups=1, ranks=RANKS, model=MODEL, seqs=16, context="1k", address=f"127.0.0.1:{DASHBOARD}"):
        path = self.folder / f"{name}.yaml"
        path.write_text(f"""
name: {name}
backend: ray
cluster: {{address: "{address}", route_prefix: /{name}}}
llm_config:
  model_loading_config: {{model_id: moe, model_source: {model}}}
  engine_kwargs: {{data_parallel_size: {ranks}, max_num_seqs: {seqs}, max_model_len: {context}}}
  deployment_config: {{num_replicas: {groups}}}
  experimental_configs: {{dp_size_per_node: {ranks}}}
ingress_deployment_config: {{num_replicas: 1}}
ingress: {{port: {SERVE}}}
rollout: {{healthy_deadline_s: 120}}
""")
        return path

    def application(self):
        status = json.loads(self.run("status", "--json"))
        return status["applications"][0]

    def ranks(self):
        return [r for d in self.application()["deployments"] for r in d["replicas"] if r["role"] == "rank"]

    def is_healthy(self):
        found = self.application()
        return found["status"] == "RUNNING" and all(d["status"] == "HEALTHY" for d in found["deployments"]) and found


def complete(prompt="hello", path="moe"):
    body = {"model": "moe", "prompt": prompt, "max_tokens": 8, "temperature": 0}
    return json.loads(request(f"http://127.0.0.1:{SERVE}/{path}/v1/completions", "POST", body))["choices"][0]["text"]


class Load:
    """Users who ask for streams without a pause, and what they saw while something was done to the deployment."""

    USERS = 2
    KINDS = ("whole", "503", "error event", "cut off", "no answer")
    rows = []

    def __init__(self, what):
        self.what = what
        self.seen = dict.fromkeys(self.KINDS, 0)
        self.longest = 0.0  # seconds in which no answer was completed
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.users = [threading.Thread(target=self.ask, daemon=True) for _ in range(self.USERS)]

    def __enter__(self):
        self.last = time.monotonic()
        for user in self.users:
            user.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for user in self.users:
            user.join(60)
        self.note_pause()
        self.rows.append([self.what, *self.seen.values(), f"{self.longest:.1f} s"])

    def note_pause(self):
        self.longest = max(self.longest, time.monotonic() - self.last)

    def ask(self):
        while not self.over.is_set():
            kind = self.outcome()
            with self.lock:
                self.seen[kind] += 1
                if kind == "whole":
                    self.note_pause()
                    self.last = time.monotonic()
            if kind != "whole":
                time.sleep(0.05)

    @staticmethod
    def outcome():
        body = json.dumps({"model": "moe", "prompt": "hello", "max_tokens": 32, "temperature": 0, "stream": True})
        asked = urllib.request.Request(f"http://127.0.0.1:{SERVE}/moe/v1/completions", body.encode(),
                                       {"Content-Type": "application/json"}, method="POST")
        text = ""
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                for line in answer:
                    text += line.decode()
        except urllib.error.HTTPError as error:
            return "503" if error.code == 503 else "no answer"
        except (OSError, http.client.HTTPException):
            return "cut off" if text else "no answer"
        if "data: [DONE]" in text:
            return "whole"
        return "error event" if '"error"' in text else "cut off"

    @classmethod
    def table(cls):
        lines = [["under load", *cls.KINDS, "longest without an answer"], *cls.rows]
        widths = [max(len(str(line[column])) for line in lines) for column in range(len(lines[0]))]
        for line in lines:
            print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip(), flush=True)


def step(text, start):
    print(f"{time.monotonic() - start:7.1f} s  {text}", flush=True)


def deploys(deployer):
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest())
    step(f"apply: a group of {RANKS} ranks in one block is HEALTHY", start)
    text = complete()
    check(text and complete() == text, "a completion through Serve's port")
    application = deployer.is_healthy()
    ranks = [r for d in application["deployments"] for r in d["replicas"] if r["role"] == "rank"]
    check(sorted(r["id"] for r in ranks) == [f"dp{rank}" for rank in range(RANKS)], f"all ranks: {ranks}")
    check(len({r["node"] for r in ranks}) == 1, "all on one node")
    processes = engines()
    check(len(processes) == RANKS, "a process for each")
    deployer.run("apply", "--wait", deployer.manifest())
    check(engines() == processes, "the same applied again starts nothing")
    doctor = deployer.run("doctor", deployer.manifest())
    check(all(f"PASS  {what}" in doctor for what in ("cluster", "serve", "nodes", "room")), doctor)
    return text


def refuses(deployer):
    start = time.monotonic()
    before = get("/api/serve/applications/")["applications"].keys()
    foreign = deployer.run("apply", "--wait", deployer.manifest(name="other"), expect=9)
    check("not deployed by dpdeploy" in foreign, foreign)
    large = deployer.run("apply", "--wait", deployer.manifest(name="large", ranks=2 * RANKS), expect=4)
    check("has room for 0" in large, large)
    taken = deployer.run("apply", "--wait", deployer.manifest(name="second", groups=2), expect=4)
    check("free) has room for 0" in taken, taken)
    lost = deployer.run("apply", "--wait", deployer.manifest(name="lost", address="127.0.0.1:9"), expect=5)
    check("no Ray cluster answers" in lost, lost)
    nothing = deployer.run("apply", "--wait", deployer.manifest(name="wrong", address=f"127.0.0.1:{SERVE}"), expect=1)
    check("no Ray dashboard" in nothing, nothing)
    check(get("/api/serve/applications/")["applications"].keys() == before, "a refusal changes nothing")
    step("refused: another owner's name (9), no node that large (4), no room beside what runs (4), unreachable (5), "
         "not Ray (1); nothing changed", start)


def scales(deployer, text):
    survivors = set(engines())
    start = time.monotonic()
    with Load("scale from one group to two"):
        deployer.run("scale", "moe", "--replicas", 2)
        until("two groups are HEALTHY", lambda: deployer.is_healthy() and len(engines()) == 2 * RANKS, 120)
        step(f"scale: a second group of {RANKS} is HEALTHY", start)
    check(survivors < set(engines()), "the first group goes on")
    nodes = {}
    for rank in deployer.ranks():
        nodes.setdefault(rank["group"], set()).add(rank["node"])
    check(len(nodes) == 2 and all(len(found) == 1 for found in nodes.values())
          and nodes[0] != nodes[1], f"each group on a node of its own: {nodes}")
    check({complete() for _ in range(8)} == {text}, "both groups answer alike")


def loses_a_rank(deployer):
    with Load("SIGKILL of one rank of 16"):
        start = time.monotonic()
        os.kill(engines()[0], signal.SIGKILL)
        until("the loss is seen", lambda: not deployer.is_healthy(), 60)
        step("a rank's SIGKILL: status shows it", start)
        until("it is HEALTHY again", deployer.is_healthy, 120)
        step("a rank's SIGKILL: HEALTHY again", start)
    check(len(engines()) == 2 * RANKS, "all ranks are there")


def is_changed_by_others(deployer):
    start = time.monotonic()
    before = get("/api/serve/applications/")
    configs = [a["deployed_app_config"] for a in before["applications"].values()]
    ours = next(config for config in configs if config["name"] == "moe")
    next(d for d in ours["deployments"] if d["name"] == "OpenAiIngress")["num_replicas"] = 2
    request(f"http://127.0.0.1:{DASHBOARD}/api/serve/applications/", "PUT", {
        "proxy_location": before["proxy_location"], "http_options": {"host": "127.0.0.1", "port": SERVE},
        "applications": configs}, 60)
    refused = deployer.run("apply", deployer.manifest(groups=2), expect=9)
    check("deployments" in refused and "--overwrite" in refused, refused)
    deployer.run("apply", "--wait", "--overwrite", deployer.manifest(groups=2))
    step("changed on the cluster by somebody else: apply refuses (9), --overwrite puts it back", start)


def rolls_back(deployer, text):
    start = time.monotonic()
    with Load("an update that no rank can start with"):
        told = deployer.run("apply", "--wait", deployer.manifest(groups=2, context="900k"), expect=8)
    check("was rolled back to revision" in told and "ended (code 78)" in told, told)
    step("update that no rank can start with: failed, rolled back by the last good declaration, HEALTHY (exit 8)", start)
    check(complete() == text, "the former revision answers")
    with Load("an update of max_num_seqs"):
        start = time.monotonic()
        deployer.run("apply", "--wait", deployer.manifest(groups=2, seqs=32))
        step("update of max_num_seqs: HEALTHY", start)


def is_pending():
    groups = get("/api/v0/placement_groups?detail=1&limit=10000")["data"]["result"]["result"]
    return any(group["state"] == "PENDING" and "moe" in group["name"] for group in groups)


def loses_a_node(deployer, cluster):
    node = sorted(rank["node"] for rank in deployer.ranks())[-1]
    with Load("loss of the node of one group of two"):
        start = time.monotonic()
        cluster.kill(node)
        until("the loss is seen", lambda: not deployer.is_healthy(), 120)
        step("a node's loss: status shows it", start)
        until("its block waits for a place", is_pending, 120)
        pending = time.monotonic()
        reason = until("its reason is told", lambda: [
            d["message"] for d in deployer.application()["deployments"] if "NO_RESOURCES" in d["message"]], 2)
        step(f"a node's loss: {reason[0]}", start)
        step("after Ray let the block wait, its reason was told", pending)
        check(complete(), "the other group answers")
        back = time.monotonic()
        cluster.add_worker(node)
        until("it is HEALTHY again", deployer.is_healthy, 180)
        step("the node is back: HEALTHY again", back)


def tells_metrics(deployer):
    start = time.monotonic()
    with Load("nothing"):
        until("every rank's metrics come through Ray", lambda: all(
            rank["running"] is not None and rank["generation_tokens_per_second"] is not None
            for rank in deployer.ranks()), 90)
        tokens = until("tokens are counted", lambda: deployer.application()["metrics"]["generation_tokens_per_second"], 60)
    step(f"metrics by Ray's discovery: of every rank, {tokens:.0f} tokens/s in all", start)


def outlives_its_controller(deployer):
    ranks = set(engines())
    with Load("the controller stopped and started"):
        start = time.monotonic()
        deployer.run("daemon", "stop")
        check(set(engines()) == ranks, "ranks go on without a controller")
        deployer.run("daemon", "start")
        until("a new controller knows it", deployer.is_healthy, 30)
        step("the controller is stopped and started: it follows the same application", start)
    check(set(engines()) == ranks, "nothing was started again")


def deletes(deployer):
    start = time.monotonic()
    deployer.run("delete", "moe", "--yes")
    until("it is gone", lambda: list(get("/api/serve/applications/")["applications"]) == ["other"], 60)
    until("its processes are gone", lambda: not engines(), 30)
    check(request(f"http://127.0.0.1:{SERVE}/other") == "ok", "the other application answers")
    step("delete: gone, no process is left, the other application answers", start)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dpray-"))
    (folder / "other.py").write_text(
        "from ray import serve\n@serve.deployment\nclass Other:\n    def __call__(self, request):\n        return 'ok'\n"
        "app = Other.options(ray_actor_options={'num_cpus': 0}).bind()\n")
    cluster, deployer = Cluster(folder), Deployer(folder)
    start = time.monotonic()
    try:
        cluster.start()
        request(f"http://127.0.0.1:{DASHBOARD}/api/serve/applications/", "PUT", {
            "proxy_location": "HeadOnly", "http_options": {"host": "127.0.0.1", "port": SERVE},
            "applications": [{"name": "other", "route_prefix": "/other", "import_path": "other:app"}]}, 60)
        until("the other application answers", lambda: request(f"http://127.0.0.1:{SERVE}/other") == "ok", 60)
        step("three nodes and another owner's application", start)
        text = deploys(deployer)
        refuses(deployer)
        scales(deployer, text)
        loses_a_rank(deployer)
        is_changed_by_others(deployer)
        rolls_back(deployer, text)
        loses_a_node(deployer, cluster)
        outlives_its_controller(deployer)
        tells_metrics(deployer)
        deletes(deployer)
        Load.table()
        print("passed")
    except SystemExit as failure:
        print(failure, f"logs are in {folder}", sep="\n")
        for command in (["status"], ["events", "moe"]):
            subprocess.run([str(TOOLS / "dpdeploy"), *command], env=deployer.environment)
        folder = None
        raise
    finally:
        subprocess.run([str(TOOLS / "dpdeploy"), "daemon", "stop"], env=deployer.environment, capture_output=True)
        cluster.stop()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
