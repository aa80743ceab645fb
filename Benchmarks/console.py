"""Measures dptop on a pseudo-terminal: before a scripted controller, before 16 metrics pages, and with every source hung;
beside btop and, from PyPI, vllm-htop, in one run.

Prints one line a figure: BENCH name=… value=… unit=… bar=…
Usage: console.py FOLDER_OF_THE_TOOLS [VLLM_HTOP]   (`make bench-console`); CONSOLE_SECONDS says how long each is watched.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(PROJECT, "Tests/EndToEndTests/console"))

from harness import Controller, Pages, Scene, Window  # noqa: E402
from processes import cpu_seconds, resident_mib  # noqa: E402

DPTOP = os.path.join(os.path.abspath(sys.argv[1]), "dptop")
VLLM_HTOP = sys.argv[2] if len(sys.argv) > 2 else None
SECONDS = float(os.environ.get("CONSOLE_SECONDS", 30))
SIZE = (120, 40)


def bench(name, value, unit, bar, **more):
    rest = "".join(f" {key}={value:.4g}" if isinstance(value, float) else f" {key}={value}"
                   for key, value in more.items())
    print(f"BENCH name={name} value={value:.4g} unit={unit} bar={bar}{rest}", flush=True)


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def environment(home):
    return dict(os.environ, DPDEPLOY_HOME=home, TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", COLORTERM="")


@contextlib.contextmanager
def controller(scene):
    home = tempfile.mkdtemp(prefix="dptop-bench-")
    try:
        yield home, Controller(home, scene)
    finally:
        shutil.rmtree(home)


def cost(words, settings, warmup=5):
    """CPU seconds and kilobytes a minute of a program left alone, and its memory at the end."""
    with Window(words, settings, *SIZE) as window:
        window.spend(warmup)
        if window.ended(0) is not None or not window.output:
            raise RuntimeError(f"{words} ended: {window.output[-500:]}")
        before, written, start = cpu_seconds(window.pid), len(window.output), time.monotonic()
        window.spend(SECONDS)
        minutes = (time.monotonic() - start) / 60
        return ((cpu_seconds(window.pid) - before) / minutes, (len(window.output) - written) / 1000 / minutes,
                resident_mib(window.pid))


def painted(words, settings):
    """Milliseconds from the start to the first frame."""
    with Window(words, settings, *SIZE) as window:
        if not window.shows("quit", 10):
            raise RuntimeError(f"{words} paints nothing")
        return 1000 * (time.monotonic() - window.started)


def answered(window, key):
    """Milliseconds from a key to the frame that it causes."""
    # What the last second brought is not the key's doing.
    window.spend(0.02)
    seen = len(window.output)
    start = time.monotonic()
    window.write(key)
    if not window.until(lambda: len(window.output) > seen, 5):
        raise RuntimeError(f"the key {key} does nothing")
    return 1000 * (time.monotonic() - start)


def typed_and_quit(words, settings, before=lambda: None, keys="24681357"):
    """The milliseconds of many keys, and of the key that quits."""
    with Window(words, settings, *SIZE) as window:
        window.shows("quit")
        window.spend(2)
        before()
        window.spend(1.5)
        times = [answered(window, key) for key in keys * 25]
        start = time.monotonic()
        window.write("q")
        if window.ended(10) != 0:
            raise RuntimeError(f"{words} does not quit")
        return times, 1000 * (time.monotonic() - start)


def hang(source):
    source.is_hung = True


def hung():
    """First paint, keys and quitting while nothing answers: from the start, and after it did."""
    keys, quits, paints = [], [], []
    pages = Pages(16)
    attached = [word for port in pages.ports for word in ("--attach", f"127.0.0.1:{port}")]
    with controller(Scene()) as (home, source):
        settings = environment(home)
        for words, silent in (([DPTOP], source), ([DPTOP, *attached], pages)):
            for goes_silent_later in (True, False):
                silent.is_hung = not goes_silent_later
                times, quit_time = typed_and_quit(words, settings, lambda: hang(silent))
                keys += times
                quits.append(quit_time)
        paints = [painted([DPTOP], settings) for _ in range(15)]
        paints += [painted([DPTOP, *attached], settings) for _ in range(15)]
    bench("first_paint_ms", quantile(paints, 0.5), "ms", "<=30", p99=quantile(paints, 0.99))
    bench("key_to_screen_p99_ms", quantile(keys, 0.99), "ms", "<=16", p50=quantile(keys, 0.5), keys=len(keys))
    bench("quit_hung_ms", max(quits), "ms", "<=50")


def idle():
    with controller(Scene(is_still=True)) as (home, _):
        cpu, kilobytes, _ = cost([DPTOP], environment(home))
    bench("idle_kb_per_min", kilobytes, "kB/min", "<=10", cpu_s_per_min=cpu)


def many():
    """A thousand replicas: left alone, and scrolled through."""
    with controller(Scene(ranks=936, ingress=64)) as (home, _):
        words = [DPTOP, "--screen", "replicas"]
        cpu, _, memory = cost(words, environment(home))
        bench("cpu_s_per_min_1000", cpu, "s/min", "<=2", rss_mib=memory)
        with Window(words, environment(home), *SIZE) as window:
            window.shows("dp9")
            window.spend(2)
            times = [answered(window, "j") for _ in range(200)]
        bench("scroll_1000_ms", quantile(times, 0.5), "ms", "<=5", p99=quantile(times, 0.99))


def loaded():
    with controller(Scene()) as (home, _):
        return cost([DPTOP], environment(home)), environment(home)


def attached_cost(pages, home):
    words = [DPTOP] + [word for port in pages.ports for word in ("--attach", f"127.0.0.1:{port}")]
    cpu, kilobytes, memory = cost(words, environment(home))
    bench("attached_16_cpu_s_per_min", cpu, "s/min", "-", rss_mib=memory, kb_per_min=kilobytes)


def main():
    hung()
    (cpu, kilobytes, memory), settings = loaded()
    bench("cpu_s_per_min", cpu, "s/min", "<=0.3")
    bench("rss_mib", memory, "MiB", "<=16")
    bench("terminal_kb_per_min", kilobytes, "kB/min", "<=130")
    idle()
    many()
    pages = Pages(16)
    with controller(Scene()) as (home, _):
        attached_cost(pages, home)
    if shutil.which("btop"):
        peer, peer_kilobytes, _ = cost(["btop"], settings)
        bench("cpu_vs_btop", cpu / peer, "ratio", "<=2", ours=cpu, peer=peer, peer_kb_per_min=peer_kilobytes)
    if VLLM_HTOP:
        urls = [f"http://127.0.0.1:{port}" for port in pages.ports]
        peer, peer_kilobytes, peer_memory = cost([VLLM_HTOP, "--url", *urls], settings)
        bench("cpu_vs_vllm_htop", cpu / peer, "ratio", "<=0.167", ours=cpu, peer=peer, peer_rss_mib=peer_memory,
              peer_kb_per_min=peer_kilobytes)


if __name__ == "__main__":
    main()
