"""Measures the controller with 80 children (16 ranks and 64 ingress replicas of the bundled model) beside runit's
runsvdir with 80 services, in one run; then with 1,000 scripted children.

Prints one line a figure: BENCH name=… value=… unit=… bar=…
Usage: control.py FOLDER_OF_THE_TOOLS   (`make bench-control`)
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from processes import cpu_seconds, resident_mib

TOOLS = os.path.abspath(sys.argv[1])
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = tempfile.mkdtemp(prefix="dpdeploy-bench-")
ENVIRONMENT = dict(os.environ, DPDEPLOY_HOME=HOME, NO_COLOR="1")
CHILDREN = 80
KILLS = 9


def bench(name, value, unit, bar, **more):
    rest = "".join(f" {key}={value}" for key, value in more.items())
    print(f"BENCH name={name} value={value:.4g} unit={unit} bar={bar}{rest}", flush=True)


def median(values):
    return sorted(values)[len(values) // 2]


def tool(*words, timeout=120, tools=TOOLS):
    return subprocess.run(
        [os.path.join(tools, words[0]), *words[1:]], env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout,
        check=True)


def milliseconds(action):
    start = time.monotonic()
    action()
    return 1000 * (time.monotonic() - start)


def until(condition, limit=60):
    """What `condition` finally returns; it is asked without a pause, so that a millisecond can be told from two."""
    deadline = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(condition.__name__)


def children(pid):
    found = set()
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found.update(map(int, file.read().split()))
    return found


def replaced(parent, victim):
    """Milliseconds from SIGKILL of a child to the birth of another one in its place."""
    before = children(parent)

    def reborn():
        return children(parent) - before

    time.sleep(0.3)  # what the death before this one has set off is over
    return milliseconds(lambda: (os.kill(victim, signal.SIGKILL), until(reborn)))


# runit

def runit():
    """Milliseconds until runsv has replaced a killed service; it pays one runsv per service."""
    folder = tempfile.mkdtemp(prefix="runit-bench-")
    for number in range(CHILDREN):
        service = os.path.join(folder, f"s{number}")
        os.mkdir(service)
        with open(os.path.join(service, "run"), "w") as file:
            file.write("#!/bin/sh\nexec sleep 100000\n")
        os.chmod(os.path.join(service, "run"), 0o755)
    process = subprocess.Popen(["runsvdir", "-P", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(children(process.pid)) == CHILDREN, 30)
        supervisors = sorted(children(process.pid))
        until(lambda: all(children(pid) for pid in supervisors), 30)
        time.sleep(2)  # a service that lived for less than a second is held back for one
        return [replaced(pid, min(children(pid))) for pid in supervisors[:KILLS]]
    finally:
        process.send_signal(signal.SIGHUP)  # ends runsvdir and every runsv, each with its service
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


# dpdeploy

def asked():
    return tool("dpdeploy", "status", "--json").stdout


def status():
    return json.loads(asked())["applications"][0]


def replicas(role=None):
    found = [replica for deployment in status()["deployments"] for replica in deployment["replicas"]]
    return [replica for replica in found if role is None or replica["role"] == role]


def controller():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/comm") as name, open(f"/proc/{pid}/environ", "rb") as file:
                if name.read() == "dpdeployd\n" and f"DPDEPLOY_HOME={HOME}".encode() in file.read().split(b"\0"):
                    return int(pid)
    return None


def healthy():
    try:
        answer = status()
    except subprocess.CalledProcessError:
        return None
    return all(deployment["status"] == "HEALTHY" for deployment in answer["deployments"])


def adoption():
    """Milliseconds from the start of a new controller to a status with every replica, none of them a new process."""
    before = {replica["id"]: replica["pid"] for replica in replicas()}
    os.kill(controller(), signal.SIGKILL)
    until(lambda: controller() is None, 5)
    taken = milliseconds(lambda: (tool("dpdeploy", "daemon", "start"), until(healthy, 20)))
    after = {replica["id"]: replica["pid"] for replica in replicas()}
    if before != after:
        raise RuntimeError(f"the new controller replaced {sum(before[name] != after.get(name) for name in before)}")
    return taken


def recovery():
    """Milliseconds from SIGKILL of a rank until it serves again."""
    victim = next(replica for replica in replicas("rank") if replica["rank"] == 3)

    def back():
        return any(replica["rank"] == 3 and replica["pid"] not in (None, victim["pid"])
                   and replica["state"] == "RUNNING" for replica in replicas("rank"))

    taken = milliseconds(lambda: (os.kill(victim["pid"], signal.SIGKILL), until(back)))
    until(healthy)
    return taken


def manifest():
    with open(os.path.join(PROJECT, "manifests", "deepseek-v3-16dp.yaml")) as file:
        text = re.sub(r"(?m)^(\s*port:).*", r"\1 0", file.read())
    path = os.path.join(HOME, "deployment.yaml")
    with open(path, "w") as file:
        file.write(text)
    return path


def ours(runit_restart):
    path = manifest()
    tool("dpdeploy", "apply", path, "--wait", "--timeout", "90s")
    pid = controller()
    before = cpu_seconds(pid)
    time.sleep(10)
    bench("idle_cpu_percent", (cpu_seconds(pid) - before) * 10, "%", "<=0.2")
    bench("controller_rss_mib", resident_mib(pid), "MiB", "<=20")
    bench("status_cold_ms", median([milliseconds(asked) for _ in range(9)]), "ms", "<=30")
    bench("apply_noop_ms", median([milliseconds(lambda: tool("dpdeploy", "apply", path)) for _ in range(5)]), "ms",
          "<=50")
    victims = [replica["pid"] for replica in replicas("ingress")[:KILLS]]
    restart = median([replaced(pid, victim) for victim in victims])
    bench("restart_ms", restart, "ms", "<=10")
    if runit_restart:
        bench("restart_vs_runit", restart / runit_restart, "ratio", "<=3", runit_ms=f"{runit_restart:.3g}")
    until(healthy)
    bench("adopt_80_ms", adoption(), "ms", "<=200")
    bench("group_recover_ms", median([recovery() for _ in range(3)]), "ms", "<=1000")


def thousand():
    """`status` of 936 ranks and 64 ingress replicas, each a process that is scripted and has no model."""
    tools = os.path.join(HOME, "tools")
    os.mkdir(tools)
    # Programs look beside where the kernel says that they lie, so these are copies.
    for name in ("dpdeploy", "dpdeployd"):
        shutil.copy(os.path.join(TOOLS, name), tools)
    for name in ("dpengine", "dpingress"):
        shutil.copy(os.path.join(TOOLS, "dpfake"), os.path.join(tools, name))
    path = os.path.join(HOME, "thousand.yaml")
    with open(path, "w") as file:
        file.write(f"""apiVersion: dpdeploy/v1
name: thousand
llm_config:
  model_loading_config: {{model_id: operator-moe, model_source: {PROJECT}/models/operator-moe}}
  deployment_config: {{num_replicas: 26}}
  engine_kwargs: {{data_parallel_size: 36, max_num_seqs: 8, max_model_len: 512}}
ingress_deployment_config:
  autoscaling_config: {{min_replicas: 64, max_replicas: 64}}
ingress: {{host: 127.0.0.1, port: 0}}
""")
    tool("dpdeploy", "apply", path, "--wait", "--timeout", "300s", timeout=320, tools=tools)
    pid = controller()
    before = cpu_seconds(pid)
    time.sleep(10)
    idle = (cpu_seconds(pid) - before) * 10
    if len(replicas()) != 1000:
        raise RuntimeError(f"{len(replicas())} replicas")
    bench("status_1000_ms", median([milliseconds(asked) for _ in range(9)]), "ms", "<=80",
          table_ms=f"{median([milliseconds(lambda: tool('dpdeploy', 'status')) for _ in range(5)]):.3g}",
          idle_cpu_percent=f"{idle:.2g}", controller_rss_mib=f"{resident_mib(pid):.3g}")
    deletion = subprocess.Popen([os.path.join(TOOLS, "dpdeploy"), "delete", "thousand", "--yes"], env=ENVIRONMENT,
                                stdout=subprocess.DEVNULL)
    # A controller that has its hands full still answers.
    waits = []
    start = time.monotonic()
    while deletion.poll() is None:
        waits.append(milliseconds(asked))
    bench("delete_1000_s", time.monotonic() - start, "s", "-", longest_status_ms=f"{max(waits, default=0):.3g}")
    tool("dpdeploy", "daemon", "stop")


def main():
    restart = None
    if shutil.which("runsvdir"):
        restart = median(runit())
    else:
        print("note: runit is left out; install it with: sudo apt-get install -y runit", file=sys.stderr)
    try:
        ours(restart)
        tool("dpdeploy", "delete", status()["name"], "--yes")
        tool("dpdeploy", "daemon", "stop")
        thousand()
        print(subprocess.run([os.path.join(TOOLS, "StateMachine")], capture_output=True, text=True, check=True).stdout,
              end="")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)} ended with {error.returncode}:\n{error.stdout}{error.stderr}")
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            tool("dpdeploy", "delete", status()["name"], "--yes")
        subprocess.run([os.path.join(TOOLS, "dpdeploy"), "daemon", "stop"], env=ENVIRONMENT, capture_output=True)
        shutil.rmtree(HOME, ignore_errors=True)


main()
