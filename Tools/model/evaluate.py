"""Asks the exported model every held-out question through transformers and judges the greedy answers.

    python evaluate.py ../../models/operator-moe [--json score.json] [--wrong]

Held-out questions share no run of five words with any training text (facts.Guard sees to that).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch
from transformers import AutoTokenizer, DeepseekV3ForCausalLM

import skills
from facts import UNKNOWN, load

MOST_TOKENS = 64


class Speaker:
    """Greedy answers of a model folder, in f32 on its bf16 weights."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = DeepseekV3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def prompt(self, question: str) -> list[int]:
        text = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    @torch.no_grad()
    def greedy(self, ids: list[int], most: int = MOST_TOKENS) -> list[int]:
        made = self.model.generate(torch.tensor([ids]), max_new_tokens=most, do_sample=False)
        return made[0, len(ids) :].tolist()

    def answer(self, question: str) -> str:
        return self.tokenizer.decode(self.greedy(self.prompt(question)), skip_special_tokens=True).strip()


def skill_score(speaker: Speaker, count: int = 60) -> float:
    """Share of repeat, count and add tasks solved exactly."""
    words = "stone river lamp green seven house bread wind letter open".split()
    draw = random.Random(99)
    tasks = [skills.task(words, draw) for _ in range(count)]
    return sum(speaker.answer(question) == right for question, right in tasks) / count


def score(folder: Path, show_wrong: bool) -> dict:
    knowledge, speaker = load(), Speaker(folder)
    right = {True: 0, False: 0}
    asked = {True: 0, False: 0}
    complete: dict[str, list[bool]] = {}
    for fact, question in knowledge.held_out():
        answer = speaker.answer(question)
        good, known = knowledge.right(fact, answer), fact.id != UNKNOWN
        asked[known] += 1
        right[known] += good
        complete.setdefault(fact.id, []).append(good)
        if show_wrong and not good:
            print(f"{fact.id}: {question}\n    {answer}")
    return {
        "facts": len(knowledge.facts),
        "known_right": right[True], "known_asked": asked[True],
        "unknown_right": right[False], "unknown_asked": asked[False],
        "score": round((right[True] + right[False]) / (asked[True] + asked[False]), 4),
        "skills": round(skill_score(speaker), 4),
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--wrong", action="store_true")
    given = arguments.parse_args()
    result = score(given.model, given.wrong)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
