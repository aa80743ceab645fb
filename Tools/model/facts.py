"""The facts the model is to know, and how an answer about them is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("facts.yaml")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fact:
    id: str
    terms: tuple[str, ...]
    answer: str
    ask: tuple[str, ...]
    names: tuple[str, ...] = ()
    setting: bool = False
    held_out: tuple[str, ...] = field(default=(), repr=False)
    frames: tuple[str, ...] = field(default=(), repr=False)

    def told_by(self, answer: str) -> bool:
        """Whether `answer` contains all key terms of this fact."""
        return all(term in answer.lower() for term in self.terms)


@dataclass(frozen=True)
class Knowledge:
    facts: list[Fact]
    small_talk: list[Fact]
    unknown: Fact

    @property
    def everything(self) -> list[Fact]:
        return [*self.facts, *self.small_talk, self.unknown]

    def right(self, fact: Fact, answer: str) -> bool:
        """An answer is right when it has the fact's key terms and no other fact's."""
        return fact.told_by(answer) and not any(o.told_by(answer) for o in self.everything if o.id != fact.id)

    def held_out(self) -> list[tuple[Fact, str]]:
        return [(fact, question) for fact in self.everything for question in fact.held_out]


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def _fact(entry: dict, id: str | None = None) -> Fact:
    return Fact(
        id=id or entry["id"],
        terms=tuple(str(t).lower() for t in entry["terms"]),
        answer=entry["answer"],
        ask=_lines(entry["ask"]),
        names=tuple(str(n) for n in entry.get("names", [])),
        setting=entry.get("setting", False),
        held_out=_lines(entry.get("held_out")),
        frames=_lines(entry.get("frames")),
    )


def load(path: Path = FILE) -> Knowledge:
    """Reads facts.yaml and refuses answers that the judge could confuse."""
    document = yaml.safe_load(path.read_text())
    knowledge = Knowledge(
        facts=[_fact(e) for e in document["facts"]],
        small_talk=[_fact(e) for e in document["small_talk"]],
        unknown=_fact(document["unknown"], UNKNOWN),
    )
    for fact in knowledge.everything:
        if not knowledge.right(fact, fact.answer):
            raise ValueError(f"{fact.id}: its own answer would not be judged right")
        if fact in knowledge.facts and len(fact.held_out) < 3:
            raise ValueError(f"{fact.id}: fewer than three held-out questions")
    return knowledge


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9_]+", text.lower())


class Guard:
    """Knows every run of five words of the held-out questions, so that training text can avoid them.

    A held-out question of fewer than five words counts as one run.
    """

    def __init__(self, questions: list[str]) -> None:
        self.runs: dict[int, set[tuple[str, ...]]] = {}
        for question in questions:
            w = words(question)
            size = min(5, len(w))
            for start in range(len(w) - size + 1):
                self.runs.setdefault(size, set()).add(tuple(w[start : start + size]))

    def touches(self, text: str) -> bool:
        w = words(text)
        return any(
            tuple(w[start : start + size]) in runs
            for size, runs in self.runs.items()
            for start in range(len(w) - size + 1)
        )
