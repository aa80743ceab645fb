"""Holds dptop to what it prints and records: one screen in every format, and a session that can be looked at again.

Usage: printing.py DPTOP CHECK
"""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from harness import Controller, Pages, Scene, Window
from robustness import DPTOP, answers, quits, require, settings

SCREENS = ["home", "overview", "replicas", "replica", "ingress", "latency", "queue", "experts", "events", "logs", "hints",
           "manifest", "nodes"]


def printed(home, *words, status=0):
    """What `dptop --once` prints, where nothing is a terminal."""
    run = subprocess.run([DPTOP, "--once", *words], env=settings(home), capture_output=True, text=True, timeout=30)
    require(run.returncode == status, f"{words}: {run.returncode} {run.stdout[-500:]} {run.stderr}")
    return run.stdout


def masked(text):
    """The text without what another second changes."""
    return re.sub("[0-9]+", "0", text)


def holds_a_frame(text, columns, rows, what):
    lines = text.rstrip("\n").split("\n")
    require(len(lines) == rows, f"{what}: {len(lines)} lines")
    require(all(len(line) <= columns for line in lines), f"{what}: wider than {columns}")


def every_format():
    """Each screen as text, with colours, and as a picture: the same words in all; the status as JSON."""
    with tempfile.TemporaryDirectory(prefix="dptop-") as home:
        Controller(home, Scene(ranks=4, ingress=2, is_still=True))
        for screen in SCREENS:
            words = ["--screen", screen, "--size", "90x30"]
            text = printed(home, *words)
            holds_a_frame(text, 90, 30, screen)
            require("\x1b" not in text and "dptop" in text, f"{screen}: no plain text")
            ansi = printed(home, *words, "--format", "ansi", "--color", "true")
            require("\x1b[" in ansi, f"{screen}: no colours")
            bare = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", ansi)
            require(masked(bare).split() == masked(text).split(), f"{screen}: other words in colour\n{bare}\n{text}")
            picture = ElementTree.fromstring(printed(home, *words, "--format", "svg"))
            drawn = masked(" ".join(picture.itertext())).split()
            missing = set(re.findall("[a-z]{3,}", masked(text))) - set(re.findall("[a-z]{3,}", " ".join(drawn)))
            require(not missing, f"{screen}: {missing} is not in the picture")
        status = json.loads(printed(home, "--format", "json"))
        require(status["kind"] == "Status" and status["applications"][0]["name"] == "moe", f"{status}")
    with tempfile.TemporaryDirectory(prefix="dptop-") as home:
        require("no" in printed(home, status=5), "nobody answers")
        require(json.loads(printed(home, "--format", "json", status=5))["kind"] == "Error", "nobody answers")
    pages = Pages(1)
    with tempfile.TemporaryDirectory(prefix="dptop-") as home:
        attached = printed(home, "--attach", f"127.0.0.1:{pages.ports[0]}", "--size", "120x40")
        require("attached, read-only" in attached and "~" in attached, attached)
        tells_status(home, pages.ports[0])


def tells_status(home, port):
    """`dpdeploy status --attach` says the same to scripts, and exits 5 where nobody answers."""
    def status(place, code):
        run = subprocess.run([os.path.join(os.path.dirname(DPTOP), "dpdeploy"), "status", "--attach", place, "--json"],
                             env=settings(home), capture_output=True, text=True, timeout=30)
        require(run.returncode == code, f"status of {place}: {run}")
        return json.loads(run.stdout)

    replicas = status(f"127.0.0.1:{port}", 0)["applications"][0]["deployments"][0]["replicas"]
    require(replicas and all(r["generation_tokens_per_second"] is not None for r in replicas), f"{replicas}")
    require(status("127.0.0.1:9", 5)["controller"]["status"] == "UNREACHABLE", "nobody answers")


def recorded_and_replayed():
    """A session is recorded with looks, whatever was on the screen, and shown again by itself."""
    with tempfile.TemporaryDirectory(prefix="dptop-") as home:
        Controller(home, Scene(ranks=4, ingress=2))
        path = os.path.join(home, "session.jsonl")

        def lines():
            if not os.path.exists(path):
                return []
            with open(path) as file:
                return [json.loads(line) for line in file.read().split("\n")[1:-1]]

        with Window([DPTOP, "--record", path], settings(home)) as window:
            require(window.shows("live"), "nothing is shown", window)

            def is_enough():
                found = lines()
                return sum("snapshot" in l for l in found) >= 4 and sum("insight" in l for l in found) >= 3

            require(window.until(is_enough, 20), "nothing is recorded", window)
            quits(window, "recording")
        require(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "others may read the recording")
        seconds = [column["t"] for line in lines() if "insight" in line
                   for column in line["insight"]["latency"]["distributions"][0]["columns"]]
        require(seconds and seconds == sorted(set(seconds)), f"seconds are recorded twice: {seconds}")
        replay = ["--replay", path]
        for screen, words in [("overview", "REPLAY"), ("latency", "TTFT over time"), ("experts", "rows by layer"),
                              ("logs", "no lines are recorded")]:
            # Nobody is asked: there is no controller at that home.
            text = printed("/nowhere", *replay, "--screen", screen)
            holds_a_frame(text, 80, 24, screen)
            require(words in text or words == "REPLAY" and "PAUSED" in text, f"{screen}:\n{text}")
        status = json.loads(printed("/nowhere", *replay, "--format", "json"))
        require(status["applications"][0]["name"] == "moe", f"{status}")
        with Window([DPTOP, *replay], settings("/nowhere")) as window:
            require(window.shows("REPLAY"), "the recording is not played", window)
            answers(window, "2461")
            seen = len(window.output)
            window.write(" ")
            require(window.shows("PAUSED", 5, since=seen), "it cannot be stopped", window)
            quits(window, "replay")
        broken = os.path.join(home, "broken.jsonl")
        with open(broken, "w") as file:
            file.write("nonsense\n")
        require("not a recording" in printed("/nowhere", "--replay", broken, status=1), "nonsense is replayed")


CHECKS = [every_format, recorded_and_replayed]


if __name__ == "__main__":
    {check.__name__: check for check in CHECKS}[sys.argv[2]]()
