"""Public-domain English from Debian packages: King James Bible, Devil's Dictionary, Jargon File.

    apt-get install bible-kjv bible-kjv-text dict-devil jargon-text
"""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

from facts import Guard

DEVIL = Path("/usr/share/dictd/devil.dict.dz")
JARGON = Path("/usr/share/doc/jargon-text/jargon.txt.gz")


def bible() -> list[str]:
    """Verses in order, twelve to a passage."""
    run = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    verses = [re.sub(r"^\S+ ", "", line).strip() for line in run.stdout.splitlines()]
    verses = [v for v in verses if len(v) > 10]
    return [" ".join(verses[i : i + 12]) for i in range(0, len(verses), 12)]


def _paragraphs(text: str) -> list[str]:
    joined = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
    return [p for p in joined if len(p) > 80 and sum(c.isalpha() or c == " " for c in p) > 0.85 * len(p)]


def devil() -> list[str]:
    return _paragraphs(gzip.open(DEVIL, "rt", encoding="utf-8", errors="ignore").read())


def jargon() -> list[str]:
    return _paragraphs(gzip.open(JARGON, "rt", encoding="utf-8", errors="ignore").read())


def headwords() -> list[str]:
    """Names of things the model has never heard of: entries of both dictionaries."""
    devil_text = gzip.open(DEVIL, "rt", encoding="utf-8", errors="ignore").read()
    jargon_text = gzip.open(JARGON, "rt", encoding="utf-8", errors="ignore").read()
    found = set(re.findall(r"^([A-Z][A-Z-]{3,14}),? n\.", devil_text, re.M))
    found = {w.lower() for w in found}
    found |= {w.strip().lower() for w in re.findall(r"^\s*([A-Za-z][\w -]{3,20}): [a-z/]", jargon_text, re.M)}
    return sorted(found)


def all_texts(guard: Guard) -> list[str]:
    """Every passage that shares no run of five words with a held-out question."""
    return [p for p in bible() + devil() + jargon() if not guard.touches(p)]
