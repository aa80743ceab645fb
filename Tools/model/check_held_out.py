"""Proves on generated text that held-out questions were not trained on.

    python check_held_out.py [--batches 400]

Rebuilds the text of training batches exactly as train.py draws it, decodes it, and looks for any run of five
words that a held-out question has too. It does not use the guard that keeps such text out.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path


import train
from corpus import Batches, Corpus


def runs(text: str, size: int = 5) -> set[str]:
    found = re.findall(r"[a-z0-9_]+", text.lower())
    return {" ".join(found[i : i + size]) for i in range(len(found) - size + 1)}


def main(cache: Path, count: int) -> int:
    corpus = Corpus()
    batches = Batches(corpus, train.learned_tokenizer(corpus, cache), train.ROWS, train.LENGTH, train.TEXT_SHARE, 1)
    kept = {run: question for _, question in corpus.knowledge.held_out() for run in runs(question)}
    splitter, shared, words = re.compile(r"<\|\w+\|>"), set(), 0
    for step in range(count):
        for row in batches.batch(step)[0]:
            for text in splitter.split(batches.tokenizer.decode(row.tolist(), skip_special_tokens=False)):
                found = runs(text)
                words += len(found)
                shared |= found & kept.keys()
    for passage in corpus.passages:
        shared |= runs(passage) & kept.keys()
    for run in sorted(shared):
        print(f"shared: {run}  <-  {kept[run]}")
    print(f"{words} runs of five words in {count} batches and all passages; {len(shared)} shared with held-out")
    return 1 if shared else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=train.DEFAULT_CACHE)
    arguments.add_argument("--batches", type=int, default=400)
    given = arguments.parse_args()
    sys.exit(main(given.cache, given.batches))
