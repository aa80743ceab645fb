#!/usr/bin/env python3
"""Deploys vLLM's CPU build, two ranks with expert parallelism, and hurts it: test_vllm.py TOOLS ENVIRONMENT [--measure].

Everything is driven by dpdeploy and checked from outside; each step prints what the clients saw. With --measure, the
throughput through the ingress is compared with that of calling the ranks directly instead.
"""

import asyncio
import contextlib
import datetime
import json
import os
import pathlib
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOOLS, ENVIRONMENT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
PROMPT = " ".join(f"word{number}" for number in range(16))
STREAMS = 8


class Deployer:
    """dpdeploy with a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {"DPDEPLOY_HOME": str(folder / "home")}
        self.misses = []

    def run(self, *arguments, expect=0, timeout=600):
        done = subprocess.run([str(TOOLS / "dpdeploy"), *map(str, arguments)], env=self.environment,
                              capture_output=True, text=True, timeout=timeout)
        check(done.returncode == expect, f"dpdeploy {' '.join(map(str, arguments))} ended with {done.returncode}, not "
              f"{expect}: {done.stdout}{done.stderr}")
        return done.stdout

    def manifest(self, seqs, mode="external"):
        path = self.folder / "vllm.yaml"
        path.write_text(f"""
name: vllm
engine: vllm
llm_config:
  model_loading_config: {{model_id: tiny-moe, model_source: {ENVIRONMENT}/tiny-moe}}
  engine_kwargs:
    data_parallel_size: 2
    enable_expert_parallel: true
    max_num_seqs: {seqs}
    max_model_len: 1k
    load_format: dummy
    dtype: bfloat16
    enforce_eager: true
  runtime_env:
    env_vars:
      HF_HUB_OFFLINE: "1"
      VLLM_NO_USAGE_STATS: "1"
      VLLM_CPU_KVCACHE_SPACE: "1"
      VLLM_CPU_OMP_THREADS_BIND: "0|1"
      VLLM_CACHE_ROOT: {self.folder}/cache
  deployment_config: {{health_check_period_s: 2, health_check_timeout_s: 3}}
ingress_deployment_config: {{num_replicas: 1}}
ingress: {{port: 0, max_queue_wait_s: 200, max_outage_wait_s: 200, request_timeout_s: 300}}
engine_options: {{executable: {ENVIRONMENT}/venv/bin/vllm, mode: {mode}}}
rollout: {{healthy_deadline_s: 300, drain_timeout_s: 60}}
""")
        return path

    def application(self):
        return json.loads(self.run("status", "--json"))["applications"][0]

    def is_healthy(self):
        found = self.application()
        return found["status"] == "RUNNING" and all(d["status"] == "HEALTHY" for d in found["deployments"])

    def port(self):
        return int(self.application()["endpoint"].rsplit(":", 1)[1].strip("/"))

    def servers(self):
        """The API servers' processes by rank."""
        replicas = [r for d in self.application()["deployments"] for r in d["replicas"] if r["role"] == "rank"]
        return {replica["id"]: replica["pid"] for replica in replicas}

    def events(self):
        return json.loads(self.run("events", "vllm", "--json"))["events"]

    def event_after(self, moment, *words):
        """The first event since `moment` that says one of `words`, and how many milliseconds after it."""
        for event in self.events():
            when = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
            if when >= moment - 0.001 and any(word in event["message"] for word in words):
                return event["message"], (when - moment) * 1000
        return None


def check(is_so, what):
    if not is_so:
        raise SystemExit(f"FAILED: {what}")


def until(what, is_so, seconds):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError, TypeError, SystemExit):
            if result := is_so():
                return result
        check(time.monotonic() < deadline, f"{what}: not within {seconds} s")
        time.sleep(0.05)


def step(text, start):
    print(f"{time.monotonic() - start:7.1f} s  {text}", flush=True)


def processes():
    """All processes that were started from the environment, by id, with their titles."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(ENVIRONMENT) in (entry / "maps").read_text():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
    return found


def titled(title):
    """The process whose title begins so."""
    found = [pid for pid, name in processes().items() if name.startswith(title)]
    check(len(found) == 1, f"one process {title}: {processes()}")
    return found[0]


def segments():
    return {path.name for path in pathlib.Path("/dev/shm").iterdir()}


class Answer:
    """What a client saw of one streamed completion."""

    def __init__(self):
        self.started = time.monotonic()
        self.first = self.ended = None
        self.chunks = 0
        self.kind = "open"

    async def read(self, connect, tokens):
        writer = None
        try:
            reader, writer = await connect()
            body = json.dumps({"model": "tiny-moe", "prompt": PROMPT, "max_tokens": tokens, "temperature": 0,
                               "ignore_eos": True, "stream": True}).encode()
            writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            status = (await reader.readline()).split()
            self.kind = await self.body(reader) if status[1] == b"200" else await self.refusal(status[1], reader)
        except (OSError, asyncio.IncompleteReadError, IndexError) as failure:
            self.kind = f"broken ({type(failure).__name__})"
        finally:
            self.ended = time.monotonic()
            if writer:
                writer.close()
        return self

    async def refusal(self, status, reader):
        text = (await reader.read()).split(b"\r\n\r\n", 1)[1].decode()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = json.loads(text)["error"]["message"].split("\n")[0]
        return f"status {status.decode()} ({text})"

    async def body(self, reader):
        is_finished, error = False, None
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            if b'"error"' in line:
                error = json.loads(line[6:])["error"]
            elif line.startswith(b"data: [DONE]"):
                break
            else:
                self.chunks += 1
                self.first = self.first or time.monotonic()
                is_finished = is_finished or b'"finish_reason":"length"' in line
        if error:
            return f"error event {error['code']} ({error['message'].split(chr(10))[0]})"
        return "complete" if is_finished else "cut off in silence"


def tcp(port):
    return lambda: asyncio.open_connection("127.0.0.1", port)


class Load:
    """Clients that ask again and again, `STREAMS` at a time, in the background of what a test does."""

    def __init__(self, port, tokens=400):
        self.connect, self.tokens = tcp(port), tokens
        self.answers = []
        self.is_over = False

    async def __aenter__(self):
        self.clients = [asyncio.create_task(self.client()) for _ in range(STREAMS)]
        deadline = time.monotonic() + 60
        while sum(a.first is not None and a.ended is None for a in self.answers) < STREAMS:
            check(time.monotonic() < deadline, f"all streams run: {[a.kind for a in self.answers]}")
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_):
        self.is_over = True
        await asyncio.gather(*self.clients)

    async def client(self):
        while not self.is_over:
            answer = Answer()
            self.answers.append(answer)
            await answer.read(self.connect, self.tokens)
            if answer.kind.startswith(("broken", "status")):
                await asyncio.sleep(0.2)

    def report(self, fault):
        """What was in flight at `fault`, and what came after it."""
        def counted(answers):
            kinds = [answer.kind for answer in answers]
            return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "none"
        flying = [a for a in self.answers if a.started <= fault < a.ended]
        later = [a for a in self.answers if a.started > fault]
        check(not any(a.kind == "cut off in silence" for a in self.answers), "a stream was cut off in silence")
        waits = [a.first - a.started for a in later if a.first]
        print(f"           in flight: {counted(flying)}, ended within {max(a.ended for a in flying) - fault:.2f} s\n"
              f"           later:     {counted(later)}, longest wait {max(waits, default=0):.1f} s", flush=True)


async def deploys(deployer):
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest(64))
    step("apply: two ranks with expert parallelism are HEALTHY", start)
    answers = await asyncio.gather(*(Answer().read(tcp(deployer.port()), 16) for _ in range(8)))
    check(all(answer.kind == "complete" and answer.chunks for answer in answers), [a.kind for a in answers])
    memory = sum(int((pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0]))
                 for pid in processes())
    print(f"           {len(processes())} processes, {memory / 1024 / 1024:.1f} GiB together", flush=True)


async def survives(deployer, what, number, pid, *words, limit=None):
    """Sends a signal under load and waits for it to be HEALTHY again with other processes."""
    before, port = deployer.servers(), deployer.port()
    async with Load(port) as load:
        # Off the loop, as the clients shall see what happens when it does.
        victim = os.pidfd_open(pid)
        wall, fault = time.time(), time.monotonic()
        os.kill(pid, number)
        told = 0
        if number == signal.SIGKILL:
            # A process ends when its memory is given back, and nobody can know of it before.
            await asyncio.to_thread(select.select, [victim], [], [], 60)
            told = (time.monotonic() - fault) * 1000
            print(f"           the kernel says so after {told:.0f} ms", flush=True)
        os.close(victim)
        noticed = await asyncio.to_thread(
            until, f"{what} is noticed", lambda: deployer.event_after(wall, *words), 60)
        step(f"{what}: noticed after {noticed[1]:.0f} ms ({noticed[0]})", fault)
        await asyncio.to_thread(until, "HEALTHY again", lambda: deployer.is_healthy()
                                and not set(before.values()) & set(deployer.servers().values()), 300)
        step(f"{what}: HEALTHY again", fault)
    load.report(fault)
    check(not set(before.values()) & set(processes()), "the former processes are gone")
    if limit and noticed[1] > max(limit, told + 20):
        deployer.misses.append(f"{what} was noticed after {noticed[1]:.0f} ms, not within {limit} ms or when the "
                               f"kernel told of it, after {told:.0f}")
    check(len(processes()) == len(deployer.servers()) * 3 + 1 + deployer.extra, f"no process too many: {processes()}")


async def rolls(deployer):
    before, port = deployer.servers(), deployer.port()
    async with Load(port) as load:
        start = time.monotonic()
        await asyncio.to_thread(deployer.run, "apply", "--wait", deployer.manifest(32))
        step("a change of max_num_seqs is rolled out: HEALTHY", start)
    load.report(start)
    check(not set(before.values()) & set(deployer.servers().values()), "all ranks are new")
    check({a.kind for a in load.answers} == {"complete"}, "no request failed")


async def balances(deployer):
    """One server for both engines, which vLLM balances over."""
    start = time.monotonic()
    deployer.run("apply", "--wait", deployer.manifest(32, "internal"))
    step("mode internal: one server with two engines is HEALTHY", start)
    check(len(deployer.servers()) == 1, deployer.servers())
    names = sorted(name for name in processes().values() if name.startswith("VLLM::EngineCore"))
    check(len(names) == 2, f"two engines: {processes()}")
    answers = await asyncio.gather(*(Answer().read(tcp(deployer.port()), 64) for _ in range(8)))
    check(all(answer.kind == "complete" for answer in answers), [a.kind for a in answers])


def deletes(deployer, left):
    start = time.monotonic()
    deployer.run("delete", "vllm", "--yes")
    until("its processes are gone", lambda: not processes(), 30)
    check(segments() <= left, f"segments are left: {segments() - left}")
    step("delete: no process and no segment is left", start)


async def tokens_per_second(connects, concurrency, tokens, rounds):
    """Streams at a constant number of clients, dealt out over `connects` in turn."""
    async def client(number):
        return [await Answer().read(connects[number % len(connects)], tokens) for _ in range(rounds)]
    start = time.monotonic()
    answers = sum(await asyncio.gather(*map(client, range(concurrency))), [])
    time_taken = time.monotonic() - start
    check(all(answer.kind == "complete" for answer in answers), {a.kind for a in answers})
    return len(answers) * tokens / time_taken


async def measures(deployer):
    port = deployer.port()
    sockets = sorted(map(str, (deployer.folder / "home").rglob("r*.sock")))
    check(len(sockets) == 2, f"two ranks' sockets: {sockets}")
    ranks = [lambda path=path: asyncio.open_unix_connection(path) for path in sockets]
    for concurrency in (8, 32, 64):
        results = {"ingress": [], "direct": []}
        for number in range(12):
            # In turn, and each first as often as the other: what changes with time strikes both.
            for name in ("ingress", "direct") if number % 2 else ("direct", "ingress"):
                connects = [tcp(port)] if name == "ingress" else ranks
                results[name].append(await tokens_per_second(connects, concurrency, 64, 2))
        own, peer = (statistics.median(results[name]) for name in ("ingress", "direct"))
        print(f"BENCH name=vllm_cpu_through_ingress_c{concurrency} value={own / peer:.3f} unit=ratio bar=>=0.98 "
              f"ours={own:.0f} peer={peer:.0f} peer_name=vllm-direct", flush=True)
        if own < 0.98 * peer:
            deployer.misses.append(f"{own / peer:.3f} of the direct throughput with {concurrency} clients")


async def hurts(deployer, left):
    deployer.extra = len(processes()) - 3 * len(deployer.servers()) - 1
    await survives(deployer, "SIGKILL of an engine core", signal.SIGKILL, titled("VLLM::EngineCore_DP1"),
                   "lost its process", "ended (", limit=100)
    await survives(deployer, "SIGSTOP of a worker", signal.SIGSTOP, titled("VLLM::Worker_DP1"),
                   "made no step")
    await survives(deployer, "SIGKILL of an API server", signal.SIGKILL, deployer.servers()["dp0"],
                   "ended (signal 9")
    await rolls(deployer)
    await balances(deployer)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dpv-"))
    deployer, left = Deployer(folder), segments()
    try:
        asyncio.run(deploys(deployer))
        asyncio.run(measures(deployer) if "--measure" in sys.argv else hurts(deployer, left))
        deletes(deployer, left)
        check(not deployer.misses, "; ".join(deployer.misses))
        print("passed")
    except SystemExit as failure:
        print(failure, f"logs are in {folder}", sep="\n")
        for command in (["status"], ["events", "vllm"]):
            subprocess.run([str(TOOLS / "dpdeploy"), *command], env=deployer.environment)
        folder = None
        raise
    finally:
        subprocess.run([str(TOOLS / "dpdeploy"), "daemon", "stop", "--all"], env=deployer.environment,
                       capture_output=True)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
