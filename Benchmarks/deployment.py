"""Measures whole deployments through the built tools, against the limits that the project sets itself.

Prints one line a figure: BENCH name=… value=… unit=… bar=…
Usage: deployment.py FOLDER_OF_THE_TOOLS
"""

import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

TOOLS = os.path.abspath(sys.argv[1])
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = tempfile.mkdtemp(prefix="dpdeploy-bench-")
ENVIRONMENT = dict(os.environ, DPDEPLOY_HOME=HOME, NO_COLOR="1")


def bench(name, value, unit, bar):
    print(f"BENCH name={name} value={value:.4g} unit={unit} bar={bar}", flush=True)


def tool(*words, timeout=120):
    return subprocess.run(
        [os.path.join(TOOLS, words[0]), *words[1:]], env=ENVIRONMENT, capture_output=True, text=True,
        timeout=timeout, check=True)


def manifest(name):
    """The manifest, on a port that is free."""
    with open(os.path.join(PROJECT, "manifests", name)) as file:
        text = re.sub(r"(?m)^(\s*port:).*", r"\1 0", file.read())
    path = os.path.join(HOME, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def apply(name):
    """Seconds from the apply of a manifest to HEALTHY, and the application's name."""
    path = manifest(name)
    tool("dpdeploy", "daemon", "start")
    start = time.monotonic()
    tool("dpdeploy", "apply", path, "--wait", "--timeout", "90s")
    return time.monotonic() - start, status()["name"]


def status():
    return json.loads(tool("dpdeploy", "status", "--json").stdout)["applications"][0]


def processes():
    """Every process of the deployment and its controller."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if f"DPDEPLOY_HOME={HOME}".encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def proportional_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return 1024 * int(re.search(r"(?m)^Pss: +(\d+)", file.read())[1])


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def idle_cores(seconds):
    pids = processes()
    before = cpu_seconds(pids)
    time.sleep(seconds)
    return (cpu_seconds(pids) - before) / seconds


def first_token_milliseconds(name, question):
    """As `dpdeploy ask` reports it."""
    report = tool("dpdeploy", "ask", "--application", name, question).stderr
    number, unit = re.search(r"first token after ([\d.]+)(ms|s)", report).groups()
    return float(number) * (1000 if unit == "s" else 1)


def median_seconds(action, count=9):
    times = []
    for _ in range(count):
        start = time.monotonic()
        action()
        times.append(time.monotonic() - start)
    return sorted(times)[count // 2]


def first_paint_seconds():
    """From exec to the first frame of dptop on a terminal of 80x24."""
    start = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(ENVIRONMENT, TERM="xterm-256color")
        os.execv(os.path.join(TOOLS, "dptop"), ["dptop"])
    try:
        seen = b""
        while b"dptop" not in seen:
            if not select.select([terminal], [], [], 5)[0]:
                raise TimeoutError("dptop painted nothing in 5 s")
            seen += os.read(terminal, 65536)
        return time.monotonic() - start
    finally:
        os.write(terminal, b"q")
        os.close(terminal)
        os.waitpid(pid, 0)


def load(name, *words):
    printed = tool("dpdeploy", "bench", name, "--json", *words, timeout=600).stdout
    return json.loads(printed)


def quickstart():
    seconds, name = apply("quickstart.yaml")
    bench("quickstart_healthy", seconds, "s", "<=3")
    bench("quickstart_first_token", first_token_milliseconds(name, "What is TTFT?"), "ms", "<=300")
    bench("status_json", 1000 * median_seconds(lambda: tool("dpdeploy", "status", "--json")), "ms", "<=30")
    bench("dptop_first_paint", 1000 * sorted(first_paint_seconds() for _ in range(5))[2], "ms", "<=50")
    report = load(name, "--concurrency", "16", "--duration", "10s")
    bench("decode_2_ranks", report["generation_tokens_per_second"], "tok/s", "none")
    tool("dpdeploy", "delete", name, "--yes")


def seed():
    seconds, name = apply("deepseek-v3-16dp.yaml")
    bench("seed_healthy", seconds, "s", "<=30")
    bench("seed_idle", idle_cores(10), "cores", "<=0.1")
    report = load(name, "--concurrency", "64", "--requests", "300", "--duration", "10m")
    bench("seed_300_requests_failed", report["failures"], "requests", "0")
    bench("seed_300_requests", report["elapsed_seconds"], "s", "none")
    bench("seed_memory", sum(map(proportional_bytes, processes())) / 2**30, "GiB", "<=2.5")
    tool("dpdeploy", "delete", name, "--yes")


def one_rank():
    path = manifest("quickstart.yaml")
    with open(path) as file:
        text = re.sub(r"(data_parallel_size|dp_size_per_node): *\d+", r"\1: 1", file.read())
    with open(path, "w") as file:
        file.write(text)
    tool("dpdeploy", "apply", path, "--wait", "--timeout", "60s")
    name = status()["name"]
    report = load(name, "--concurrency", "16", "--duration", "10s")
    bench("decode_1_rank", report["generation_tokens_per_second"], "tok/s", "none")
    tool("dpdeploy", "delete", name, "--yes")


try:
    quickstart()
    one_rank()
    seed()
except subprocess.CalledProcessError as error:
    sys.exit(f"{' '.join(error.cmd)} ended with {error.returncode}:\n{error.stdout}{error.stderr}")
finally:
    subprocess.run([os.path.join(TOOLS, "dpdeploy"), "daemon", "stop"], env=ENVIRONMENT, capture_output=True)
    subprocess.run(["rm", "-rf", HOME])
