"""Holds dptop to what every terminal may expect: it starts on any, takes anything, and leaves it as it was.

Usage: robustness.py DPTOP CHECK   (a check is one of the functions below `CHECKS` names)
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time

from harness import Controller, Pages, Scene, Window

DPTOP = os.path.abspath(sys.argv[1])


def settings(home, **changes):
    """An environment; None takes a variable away."""
    base = {"PATH": os.environ["PATH"], "HOME": home, "DPDEPLOY_HOME": home, "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8"}
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


@contextlib.contextmanager
def controller():
    home = tempfile.mkdtemp(prefix="dptop-")
    try:
        yield home, Controller(home, Scene(ranks=4, ingress=2))
    finally:
        shutil.rmtree(home)


@contextlib.contextmanager
def dptop(home, size=(80, 24), words=(), **changes):
    """A console that shows the deployment."""
    with Window([DPTOP, *words], settings(home, **changes), *size) as window:
        yield window


def require(condition, words, window=None):
    if not condition:
        tail = bytes(window.output[-800:]) if window else b""
        sys.exit(f"{words}; the end of the output: {tail!r}")


def answers(window, keys="21"):
    """Requires that each of the keys changes the screen."""
    for key in keys:
        window.spend(0.02)
        seen = len(window.output)
        window.write(key)
        require(window.until(lambda: len(window.output) > seen, 5), f"the key {key} does nothing", window)


def quits(window, words, status=0):
    """Requires that `q` ends it, with the terminal as it was."""
    window.write("q")
    ends(window, words, status)


def ends(window, words, status):
    require(window.ended(5) is not None, f"{words}: it goes on", window)
    require(window.status == status, f"{words}: it ended with {window.status}", window)
    require(window.is_restored(), f"{words}: the terminal is not as it was", window)


def names_of_terminals():
    """Every name that terminfo knows here."""
    folders = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"]
    return sorted({name for folder in folders for _, _, files in os.walk(folder) for name in files} - {"README", "dumb"})


def every_terminal():
    """Under every name that terminfo knows, and one that it does not; where cells cannot be addressed, it prints."""
    with controller() as (home, _):
        for name in ["nobody-made-this", *names_of_terminals()]:
            with dptop(home, TERM=name, LC_ALL=None) as window:
                window.shows("quit", 5)
                # It asks for pastes as such where it draws.
                if b"?2004h" in window.output:
                    answers(window, "2")
                    quits(window, name)
                else:
                    ends(window, name, 0)
                require(b"dptop" in window.output, f"{name}: nothing is shown", window)
        for name in ["dumb", "", None]:
            with dptop(home, TERM=name) as window:
                window.shows("dptop", 5)
                ends(window, f"TERM={name}", 0)
                require(b"\x1b" not in window.output, f"TERM={name}: escape sequences", window)


def every_locale():
    """Only what the locale can write is written, and colour only where it is wanted."""
    with controller() as (home, _):
        for changes in [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "de_DE.ISO-8859-1"}, {"LC_CTYPE": "C", "LC_ALL": None}]:
            with dptop(home, **changes) as window:
                require(window.shows("quit"), f"{changes}: nothing is shown", window)
                answers(window, "2468")
                quits(window, f"{changes}")
                require(max(window.output) < 0x80, f"{changes}: more than ASCII", window)
        for changes in [{"LC_ALL": "C.UTF-8"}, {"LC_ALL": None}, {"LC_ALL": None, "LANG": "xx_YY.UTF-8"}]:
            with dptop(home, **changes) as window:
                require(window.shows("╭"), f"{changes}: no frames", window)
                quits(window, f"{changes}")
        for changes, has_color in [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "vt100"}, False)]:
            with dptop(home, **changes) as window:
                require(window.shows("quit"), f"{changes}: nothing is shown", window)
                quits(window, f"{changes}")
                colors = re.search(rb"\x1b\[(?:[0-9]*;)*(?:3[0-8]|4[0-8])(?:;[0-9]*)*m", window.output)
                require(bool(colors) == has_color, f"{changes}: colour is {bool(colors)}", window)


def every_size():
    """From a window of no cells to one of five hundred columns, and while it changes faster than can be drawn."""
    with controller() as (home, _):
        for size in [(0, 0), (1, 1), (3, 200), (200, 3), (19, 4), (20, 4), (20, 5), (500, 120)]:
            with dptop(home, size) as window:
                require(window.until(lambda: window.output, 5), f"{size}: nothing is shown", window)
                answers(window, "9" if size[0] >= 20 and size[1] >= 4 else "")
                quits(window, f"{size}")
        with dptop(home) as window:
            require(window.shows("quit"), "nothing is shown", window)
            noise = random.Random(7)
            for index in range(200):
                window.resize(noise.randrange(0, 240), noise.randrange(0, 80))
                window.write(str(index % 10))
                window.spend(0.002)
            seen = len(window.output)
            window.resize(80, 24)
            require(window.shows("quit", 10, since=seen), "frozen after resizes", window)
            quits(window, "resizes")


def stopped_and_continued():
    """By its key, by the shell's signal, and by one that it cannot see coming."""
    with controller() as (home, _), dptop(home) as window:
        require(window.shows("quit"), "nothing is shown", window)
        for stop in [lambda: window.write("\x1a"), lambda: os.kill(window.pid, signal.SIGTSTP)]:
            stop()
            require(window.is_stopped(5), "it does not stop", window)
            require(window.until(window.is_restored, 5), "stopped, it keeps the terminal", window)
            resumes(window)
        os.kill(window.pid, signal.SIGSTOP)
        require(window.is_stopped(5), "it does not stop", window)
        # A shell takes its own modes back, and other programs draw.
        window.restore()
        resumes(window)
        quits(window, "continued")


def resumes(window):
    """Requires that the whole screen comes back, even in a window of another size."""
    seen = len(window.output)
    window.resize(100, 30)
    window.resize(80, 24)
    os.kill(window.pid, signal.SIGCONT)
    require(window.shows("quit", 5, since=seen), "continued, it shows nothing", window)
    answers(window)
    require(not window.is_restored(), "continued, it does not take the terminal", window)


def signals():
    """Whatever ends it, it ends with the terminal as it was; a terminal that is gone takes it along."""
    with controller() as (home, _):
        for number in [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT]:
            with dptop(home) as window:
                require(window.shows("quit"), "nothing is shown", window)
                os.kill(window.pid, number)
                ends(window, f"signal {number}", 128 + number)
        with dptop(home) as window:
            require(window.shows("quit"), "nothing is shown", window)
            require(window.hang_up(5), "it outlives its terminal")


def any_controller():
    """Keys answer while the controller hangs, is gone, and comes back."""
    with controller() as (home, source), dptop(home) as window:
        require(window.shows("live"), "nothing is shown", window)
        source.is_hung = True
        seen = len(window.output)
        require(window.shows("◌", 10, since=seen), "what is old does not say so", window)
        answers(window, "24681")
        source.go()
        seen = len(window.output)
        require(window.shows("no answer", 10, since=seen), "a lost controller is not told of", window)
        answers(window, "24681")
        source.is_hung = False
        source.come()
        seen = len(window.output)
        require(window.shows("live", 10, since=seen), "a controller that came back is not told of", window)
        answers(window, "2")
        source.is_hung = True
        window.spend(1.5)
        quits(window, "hung")


def attached_pages():
    """Foreign histograms make a latency screen, marked as estimates, and keys answer while their pages hang."""
    pages = Pages(2)
    words = [word for port in pages.ports for word in ("--attach", f"127.0.0.1:{port}")]
    with tempfile.TemporaryDirectory(prefix="dptop-") as home, dptop(home, (120, 40), words) as window:
        require(window.shows("live"), "nothing is shown", window)
        window.write("4")
        for text in ["TTFT over time", "rank queue", "prefill", "~"]:
            require(window.shows(text), f"the latency screen shows no {text}", window)
        pages.is_hung = True
        window.spend(1.5)
        answers(window, "2461")
        quits(window, "hung")


HINT = {"id": "H07", "severity": "error", "title": "no free KV blocks", "evidence": [], "advice": "fewer at once",
        "replica": "dp0"}


def alerts():
    """A hint rings, shows on the desktop and has a command run; the keys answer meanwhile, and its failure is a line."""
    with controller() as (home, source):
        application = source.scene.first["status"]["applications"][0]
        application["hints"] = []
        gate, told = os.path.join(home, "gate"), os.path.join(home, "told")
        os.mkfifo(gate)
        command = f'cat > {told}.json; echo "$DPTOP_ALERT_SEVERITY $DPTOP_ALERT_TITLE" > {told}; ' \
                  f"read word < {gate}; echo no pager >&2; exit 3"
        words = ["--alert", "bell", "--alert", "osc9", "--alert-command", command]
        with dptop(home, words=words) as window:
            require(window.shows("live"), "nothing is shown", window)
            answers(window, "24")
            require(b"\x07" not in window.output, "it rings for nothing", window)
            application["hints"] = [HINT]
            message = b"\x1b]9;dptop: error moe dp0: no free KV blocks\x07"
            require(window.until(lambda: message in window.output, 5), "no message on the desktop", window)
            require(b"\x07" in window.output.replace(message, b""), "no bell", window)
            require(window.until(lambda: os.path.exists(told) and os.path.getsize(told), 5), "no command ran", window)
            with open(told) as words, open(told + ".json") as alert:
                require(words.read() == "error no free KV blocks\n", "other words in the environment", window)
                require(json.load(alert) == {"application": "moe", "hint": HINT}, "another alert as JSON", window)
            answers(window, "68")
            with open(gate, "w") as pipe:
                pipe.write("go\n")
            require(window.shows("alert command for H07: exit 3: no pager"), "its failure is not shown", window)
            require(window.output.count(b"]9;") == 1, "it is told more than once", window)
            quits(window, "alerts")


# What asks for the end or for a stop.
MEANT = set(b"q\x03\x1a")
# Ends whatever noise may have begun: a paste, a string, a line that is typed, a question.
RESET = "\x1b[201~\x07" + 2 * "\x1b\x1b\x1b[A"
MEGABYTES = int(os.environ.get("GARBAGE_MB", 3))
# Bars for a release build on a quiet machine (10 and 0.05); a busy machine is only held to an end.
MB_PER_SECOND = float(os.environ.get("GARBAGE_MB_PER_SECOND", 0))
KEY_SECONDS = float(os.environ.get("GARBAGE_KEY_SECONDS", 10))


def garbage():
    """Megabytes of anything: it takes all at a good rate, goes on, and hears the next key at once."""
    noise = random.Random(3)
    harmless = bytes(byte for byte in range(256) if byte not in MEANT)
    with controller() as (home, _), dptop(home) as window:
        require(window.shows("quit"), "nothing is shown", window)
        block = bytes(noise.choices(harmless, k=1 << 20))
        start = time.monotonic()
        for _ in range(MEGABYTES):
            window.write(block)
        rate = MEGABYTES / (time.monotonic() - start)
        require(rate >= MB_PER_SECOND, f"it takes {rate:.1f} MB/s")
        require(window.ended(0) is None, "noise ended it", window)
        late = heard_after(window)
        require(late <= KEY_SECONDS, f"a key is heard after {1000 * late:.0f} ms", window)
        start = time.monotonic()
        window.write("\x03")
        ends(window, "noise", 0)
        quit_after = time.monotonic() - start
        print(f"{rate:.1f} MB/s, key {1000 * late:.0f} ms, quit {1000 * quit_after:.0f} ms after")
    for seed in range(4):
        with controller() as (home, _), dptop(home, words=["--readonly"]) as window:
            require(window.shows("quit"), "nothing is shown", window)
            window.write(random.Random(seed).randbytes(1 << 16).replace(b"\x1a", b""))
            if window.ended(0) is None:
                window.write(RESET + "\x03")
            require(window.ended(5) == 0 and window.is_restored(), f"seed {seed}: {window.status}", window)


def heard_after(window):
    """How long the key for another screen takes once noise is over, from the end of what noise has begun."""
    deadline = time.monotonic() + 20
    while True:
        # A key that comes while noise is still being read is noise, too.
        window.write(RESET)
        window.spend(0.1)
        # Whatever screen the noise has left: of two keys one changes it.
        window.write("5")
        window.spend(0.1)
        seen, start = len(window.output), time.monotonic()
        window.write("0")
        if window.shows("nodes", 2, since=seen):
            return time.monotonic() - start
        require(time.monotonic() < deadline, "a key after noise does nothing", window)


CHECKS = [every_terminal, every_locale, every_size, stopped_and_continued, signals, any_controller, attached_pages,
          alerts, garbage]


if __name__ == "__main__":
    # Some keys write files.
    with tempfile.TemporaryDirectory(prefix="dptop-") as folder:
        os.chdir(folder)
        {check.__name__: check for check in CHECKS}[sys.argv[2]]()
