"""Presses every key of dptop's keymap on every screen, in tmux, before a scripted controller.

After each key dptop lives, shows something, and answers the next key; the key that quits ends it. Which keys and screens there
are is asked of dptop itself, so that none can be forgotten.
Usage: every_key.py DPTOP
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from harness import Controller, Scene

DPTOP = sys.argv[1]
# A key that a terminal sends as more than itself. Escape comes with a sequence behind it that means nothing to dptop, so that
# it need not be waited for.
SEQUENCES = {
    "space": " ", "enter": "\r", "tab": "\t", "shift-tab": "\x1b[Z", "backspace": "\x7f", "esc": "\x1b\x1b\x1b[I",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "insert": "\x1b[2~", "delete": "\x1b[3~", "page-up": "\x1b[5~", "page-down": "\x1b[6~", "f1": "\x1bOP",
}
# Where no key leads, a way does.
WAYS = {"home": ["overview", "back"], "replica": ["replicas", "open"]}


def sent(name):
    """The bytes of a key."""
    if name.startswith("ctrl-") and len(name) == 6:
        return bytes([ord(name[-1]) & 0x1f])
    return (name if len(name) == 1 else SEQUENCES[name]).encode()


class Tmux:
    """A tmux server of its own with one window of 80x24, spoken to in control mode."""

    def __init__(self, folder, environment):
        self.client = subprocess.Popen(
            ["tmux", "-S", f"{folder}/tmux", "-f", "/dev/null", "-u", "-C", "new-session", "-x", "80", "-y", "24", "cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, errors="replace",
            cwd=folder)
        self._reply()
        self.run("set-option -g remain-on-exit on")
        self.run("refresh-client -C 80,24")

    def run(self, command):
        """What a command of tmux prints, as lines."""
        self.client.stdin.write(command + "\n")
        self.client.stdin.flush()
        return self._reply()

    def _reply(self):
        lines = None
        for line in self.client.stdout:
            line = line.rstrip("\n")
            if line.startswith("%begin"):
                lines = []
            elif line.startswith("%end"):
                return lines
            elif line.startswith("%error"):
                raise RuntimeError("\n".join(lines))
            elif lines is not None:
                lines.append(line)
        raise RuntimeError("tmux ended")

    def start(self, words):
        self.run("respawn-pane -k " + " ".join(words))

    def press(self, names):
        self.run("send-keys -H " + " ".join(f"{byte:02x}" for name in names for byte in sent(name)))

    def screen(self):
        return "\n".join(self.run("capture-pane -p"))

    def ended(self):
        """The exit status or signal, empty where tmux 3.3 forgets to ask for it; None while the program lives."""
        [line] = self.run("display-message -p '#{pane_dead} #{pane_dead_status}#{pane_dead_signal}'")
        is_dead, _, status = line.partition(" ")
        return status if is_dead == "1" else None

    def until(self, condition, what, seconds=10):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"{what}: waited in vain\n{self.screen()}\nended: {self.ended()}")
            time.sleep(0.002)

    def close(self):
        # Its client ends with it.
        self.client.communicate("kill-server\n", timeout=10)


def keymap():
    """Every command with its keys, as dptop tells them."""
    ours = {**os.environ, "DPTOP_KEYS": "/nowhere"}
    text = subprocess.run([DPTOP, "--keys"], env=ours, capture_output=True, text=True, check=True).stdout
    return {command: keys.split() for command, _, keys in (line.partition(": ") for line in text.splitlines())}


def screens():
    """The names of all screens."""
    text = subprocess.run([DPTOP, "--screen", "?"], capture_output=True, text=True).stderr
    return re.findall(r"[a-z]+", text.partition("write one of")[2])


class Run:
    def __init__(self, tmux, keys):
        self.tmux, self.keys = tmux, keys
        self.start()

    def start(self):
        self.tmux.start([DPTOP])
        self.tmux.until(lambda: "live" in self.tmux.screen(), "start")

    def ways(self, screen):
        return [self.keys[command][0] for command in WAYS.get(screen, [screen])]

    def press(self, screen, command, key):
        what = f"{key} ({command}) on {screen}"
        self.tmux.press(self.ways(screen) + [key])
        if command == "quit":
            self.tmux.until(lambda: self.tmux.ended() is not None, what)
            if self.tmux.ended() not in ("", "0"):
                sys.exit(f"{what}: ended with {self.tmux.ended()}")
            return self.start()
        self.tmux.until(lambda: "dptop" in self.tmux.screen(), what)
        # Whatever was opened is left: what is typed, or asked, or shown over the screen.
        back, help_key = self.keys["back"][0], self.keys["help"][0]
        self.tmux.press([back, back, help_key])
        self.tmux.until(lambda: "any other key closes" in self.tmux.screen(), f"{what}, then {back} {back} {help_key}")
        self.tmux.press([back])


def main():
    home = tempfile.mkdtemp(prefix="dptop-")
    controller = Controller(home, Scene(ranks=4, ingress=2))
    environment = {"PATH": os.environ["PATH"], "HOME": home, "DPDEPLOY_HOME": home, "LC_ALL": "C.UTF-8"}
    tmux = Tmux(home, environment)
    try:
        keys = keymap()
        run = Run(tmux, keys)
        pressed = 0
        for screen in screens():
            for command, names in keys.items():
                for name in names:
                    run.press(screen, command, name)
                    pressed += 1
        # What changes something that runs asks before; a plan changes nothing, and what does not run yet is launched at once.
        unasked = set(controller.changes) - {("POST", "/v1/plan"), ("POST", "/v1/applications")}
        if unasked:
            sys.exit(f"unasked: {unasked}")
        print(f"{pressed} keys")
    finally:
        tmux.close()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
