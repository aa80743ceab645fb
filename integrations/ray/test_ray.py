#!/usr/bin/env python3
"""Deploys on a real Ray cluster of three raylets on loopback: test_ray.py TOOLS ENVIRONMENT.

Everything is driven by dpdeploy and checked from outside; each step prints what was seen and how long it took.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOOLS, ENVIRONMENT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent.parent / "models" / "operator-moe"
DASHBOARD, SERVE, GCS = 28365, 28100, 26479
HEAD = "127.0.0.2"


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
        self.add(address, "--address", f"{HEAD}:{GCS}", "--num-cpus", 4)

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

    def manifest(self, *, name="moe", groups=1, ranks=4, model=MODEL, seqs=16, context="1k", address=f"127.0.0.1:{DASHBOARD}"):
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

    def is_healthy(self):
        found = self.application()
        return found["status"] == "RUNNING" and all(d["status"] == "HEALTHY" for d in found["deployments"]) and found


def complete(prompt="hello", path="moe"):
    body = {"model": "moe", "prompt": prompt, "max_tokens": 8, "temperature": 0}
    return json.loads(request(f"http://127.0.0.1:{SERVE}/{path}/v1/completions", "POST", body))["choices"][0]["text"]


def step(text, start):
    print(f"{time.monotonic() - start:7.1f} s  {text}", flush=True)


def deploys(deployer):
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest())
    step("apply: a group of 4 ranks in one block is HEALTHY", start)
    text = complete()
    check(text and complete() == text, "a completion through Serve's port")
    application = deployer.is_healthy()
    ranks = [r for d in application["deployments"] for r in d["replicas"] if r["role"] == "rank"]
    check(sorted(r["id"] for r in ranks) == ["dp0", "dp1", "dp2", "dp3"], f"four ranks: {ranks}")
    check(len({r["node"] for r in ranks}) == 1, "all on one node")
    check(len(engines()) == 4, "four processes")
    check("is unchanged" in deployer.run("apply", "--wait", deployer.manifest()) or len(engines()) == 4, "apply again")
    return text


def refuses(deployer):
    start = time.monotonic()
    before = get("/api/serve/applications/")["applications"].keys()
    foreign = deployer.run("apply", "--wait", deployer.manifest(name="other"), expect=9)
    check("not deployed by dpdeploy" in foreign, foreign)
    large = deployer.run("apply", "--wait", deployer.manifest(name="large", ranks=8), expect=4)
    check("has room for 0" in large, large)
    lost = deployer.run("apply", "--wait", deployer.manifest(name="lost", address="127.0.0.1:9"), expect=5)
    check("no Ray cluster answers" in lost, lost)
    nothing = deployer.run("apply", "--wait", deployer.manifest(name="wrong", address=f"127.0.0.1:{SERVE}"), expect=1)
    check("no Ray dashboard" in nothing, nothing)
    check(get("/api/serve/applications/")["applications"].keys() == before, "a refusal changes nothing")
    step("refused: another owner's name (9), no room (4), unreachable (5), not Ray (1); nothing changed", start)


def scales(deployer, text):
    survivors = set(engines())
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest(groups=2))
    step("scale: a second group of 4 is HEALTHY", start)
    check(survivors < set(engines()) and len(engines()) == 8, "the first group goes on")
    check({complete() for _ in range(8)} == {text}, "both groups answer alike")


def loses_a_rank(deployer):
    start = time.monotonic()
    os.kill(engines()[0], signal.SIGKILL)
    until("the loss is seen", lambda: not deployer.is_healthy(), 60)
    step("a rank's SIGKILL: status shows it", start)
    until("it is HEALTHY again", deployer.is_healthy, 120)
    step("a rank's SIGKILL: HEALTHY again", start)
    check(len(engines()) == 8, "eight ranks")


def rolls_back(deployer, text):
    start = time.monotonic()
    told = deployer.run("apply", "--wait", deployer.manifest(groups=2, context="900k"), expect=8)
    check("was rolled back to revision" in told and "ended (code 78)" in told, told)
    step("update that no rank can start with: failed, rolled back by the last good declaration, HEALTHY (exit 8)", start)
    check(complete() == text, "the former revision answers")
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest(groups=2, seqs=32))
    step("update of max_num_seqs: HEALTHY", start)


def loses_a_node(deployer, cluster):
    start = time.monotonic()
    cluster.kill("127.0.0.4")
    until("the loss is seen", lambda: not deployer.is_healthy(), 120)
    step("a node's loss: status shows it", start)
    reason = until("its reason is told", lambda: [
        d["message"] for d in deployer.application()["deployments"] if "NO_RESOURCES" in d["message"]], 120)
    step(f"a node's loss: {reason[0]}", start)
    check(complete(), "the other group answers")
    back = time.monotonic()
    cluster.add_worker("127.0.0.4")
    until("it is HEALTHY again", deployer.is_healthy, 180)
    step("the node is back: HEALTHY again", back)


def outlives_its_controller(deployer):
    ranks = set(engines())
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
        rolls_back(deployer, text)
        loses_a_node(deployer, cluster)
        outlives_its_controller(deployer)
        deletes(deployer)
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
