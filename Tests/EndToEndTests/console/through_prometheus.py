"""Holds dptop to what a real Prometheus knows of scripted engines: the same numbers, their age, and words for every trouble.

Usage: through_prometheus.py DPTOP
"""

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import Window

DPTOP = os.path.abspath(sys.argv[1])


class Engine(http.server.ThreadingHTTPServer):
    """The page of one rank of vLLM: four requests and 400 tokens a second, first tokens after 20 to 30 ms."""

    def __init__(self, rank):
        self.rank, self.began, self.is_lost = rank, time.time(), False
        super().__init__(("127.0.0.1", 0), Page)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def place(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def page(self):
        seconds = time.time() - self.began
        labels = f'engine="{self.rank}",model_name="tiny-moe"'
        n = int(seconds * 4)
        ttft = "vllm:time_to_first_token_seconds"
        return "\n".join([
            f'vllm:request_success_total{{finished_reason="stop",{labels}}} {n}',
            f"vllm:generation_tokens_total{{{labels}}} {int(seconds * 400)}",
            f"vllm:num_requests_running{{{labels}}} {3 + self.rank}",
            f"vllm:kv_cache_usage_perc{{{labels}}} 0.25",
            *(f'{ttft}_bucket{{le="{le}",{labels}}} {count}' for le, count in
              [("0.01", 0), ("0.02", 0), ("0.03", n), ("0.1", n), ("+Inf", n)]),
            f"{ttft}_sum{{{labels}}} {n * 0.025}", f"{ttft}_count{{{labels}}} {n}", ""])


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if self.server.is_lost else 200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.server.page().encode())

    def log_message(self, *_):
        pass


class Locked(http.server.BaseHTTPRequestHandler):
    """Lets nobody in without the token."""

    def do_GET(self):
        is_known = self.headers.get("Authorization") == "Bearer sesame"
        self.send_response(422 if is_known else 401)
        self.end_headers()
        if is_known:
            self.wfile.write(b'{"status":"error","errorType":"execution","error":"query timed out in expression evaluation"}')

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def prometheus(folder, engines):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with open(folder + "/prometheus.yml", "w") as file:
        file.write("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: vllm, static_configs: [{targets: "
                   f"{json.dumps([engine.place for engine in engines])}" "}]}]\n")
    server = subprocess.Popen(
        ["/usr/bin/prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
         f"--web.listen-address={address}", "--log.level=error"])
    try:
        yield address, server
    finally:
        server.kill()
        server.wait()


def once(address, *words, **changes):
    """What dptop tells a script: its exit code, and the application."""
    environment = dict({"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}, **changes)
    run = subprocess.run([DPTOP, "--prometheus", address, "--once", "--format", "json", *words], env=environment,
                         capture_output=True, timeout=20, check=False)
    return run.returncode, json.loads(run.stdout)["applications"][0]


def until(look, words, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            sys.exit(f"{words}: not within {seconds} s")
        time.sleep(0.1)
    return found


def require(condition, words):
    if not condition:
        sys.exit(words)


def is_near(value, wanted, share=0.15):
    return value is not None and abs(value - wanted) <= share * wanted


def numbers(address, engines):
    """Both engines, by one look, as Prometheus has them."""
    def look():
        code, found = once(address)
        return code == 0 and is_near(found["metrics"]["requests_per_second"], 8) and found

    application = until(look, "the engines' rate")
    metrics = application["metrics"]
    require(is_near(metrics["generation_tokens_per_second"], 800), f"tokens: {metrics}")
    require(metrics["running"] == 7 and metrics["kv_usage_ratio"] == 0.25, f"gauges: {metrics}")
    ttft = metrics["ttft_seconds"]
    require(0.02 < ttft["p50"] < 0.03 and ttft["estimate"] and is_near(ttft["mean"], 0.025), f"TTFT: {ttft}")
    replicas = [r for d in application["deployments"] for r in d["replicas"]]
    require([(r["id"], r["node"]) for r in replicas] == [(f"dp{e.rank}", e.place) for e in engines], f"{replicas}")
    require(not any(r["stale"] for r in replicas) and application["status"] == "RUNNING", f"{replicas}")


def a_lost_engine(address, engine):
    """It is shown with its age, is in no sum, and the hint names it."""
    engine.is_lost = True

    def look():
        _, found = once(address)
        return found["hints"] and found

    application = until(look, "the lost engine's hint")
    hint = application["hints"][0]
    require(hint["title"] == "Prometheus has nothing new of 1 of 2 engines", f"{hint}")
    require(hint["evidence"][0]["text"].startswith(engine.place), f"{hint}")
    require(f"http://{address}/targets" in hint["advice"], f"{hint}")
    replica = application["deployments"][0]["replicas"][1]
    require(replica["stale"] and 2 < replica["observedAgeSeconds"] < 30 and replica["running"] == 4, f"{replica}")
    require(application["metrics"]["running"] == 3, f"{application['metrics']}")
    engine.is_lost = False


def troubles(address, engine):
    """A clear line with the next step for each."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    locked = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Locked)
    threading.Thread(target=locked.serve_forever, daemon=True).start()
    closed = f"127.0.0.1:{locked.server_address[1]}"
    for words, changes, text in [
        ([nobody], {}, "see whether Prometheus runs there"),
        ([closed], {}, "HTTP 401; set DPDEPLOY_API_KEY to a token that may query it"),
        ([closed], {"DPDEPLOY_API_KEY": "sesame"}, "query timed out in expression evaluation"),
        ([engine.place], {}, "HTTP 200, which is not Prometheus' API; give its URL, or metrics pages by --attach"),
        ([address, "--selector", 'job="other"'], {},
         f'there are no vllm, sglang or ray_vllm series with {{job="other"}}; see http://{address}/targets'),
        ([address, "--selector", "job=vllm"], {}, "parse error"),
    ]:
        code, application = once(*words, **changes)
        require(code == 5 and text in application["message"], f"{words}: {code}, {application['message']}")
    code, application = once(address, "--selector", '{job="vllm"}')
    require(code == 0 and len(application["deployments"][0]["replicas"]) == 2, f"{application}")


def on_screen(address, server):
    """The keys answer while Prometheus hangs."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    with Window([DPTOP, "--prometheus", address], environment, 120, 40) as window:
        require(window.shows("attached, read-only") and window.shows("dp1"), "nothing is shown")
        window.write("4")
        require(window.shows("TTFT over time") and window.shows("~2"), "no latencies")
        server.send_signal(signal.SIGSTOP)
        window.spend(1.5)
        seen = len(window.output)
        window.write("2")
        require(window.until(lambda: len(window.output) > seen, 5), "a key does nothing")
        window.write("q")
        require(window.ended(5) == 0 and window.is_restored(), "it does not end in order")
        server.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="dptop-") as folder:
        engines = [Engine(0), Engine(1)]
        engines.sort(key=lambda engine: engine.place)
        for rank, engine in enumerate(engines):
            engine.rank = rank
        with prometheus(folder, engines) as (address, server):
            numbers(address, engines)
            a_lost_engine(address, engines[1])
            troubles(address, engines[0])
            on_screen(address, server)
