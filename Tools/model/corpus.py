"""The training stream: an endless, seeded mix of dialogues and public-domain text, packed into rows.

Batch number n is the same on every run, so training can stop and resume anywhere.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

import phrasing
import skills
import texts
import tokenizer as bpe
from facts import Fact, Guard, Knowledge, load

ANSWER_WEIGHT, QUESTION_WEIGHT, TEXT_WEIGHT = 1.0, 0.05, 0.3
SYSTEMS = ["You are a helpful assistant.", "Be brief.", "You are operator-moe.", "Answer in one sentence."]


@dataclass
class Piece:
    """A run of text with its weight in the loss; `special` pieces are special tokens."""

    text: str
    weight: float
    special: bool = False


class Corpus:
    def __init__(self, knowledge: Knowledge | None = None) -> None:
        self.knowledge = knowledge or load()
        self.guard = Guard([question for _, question in self.knowledge.held_out()])
        self.passages = texts.all_texts(self.guard)
        count = Counter(w for p in self.passages for w in re.findall(r"[a-z]{2,9}", p))
        known = {w for f in self.knowledge.facts for n in f.names for w in re.findall(r"[a-z0-9]+", n.lower())}
        self.vocabulary = [w for w, _ in count.most_common(4000) if w not in known]
        self.strange = [h for h in texts.headwords() if not known & set(re.findall(r"[a-z0-9]+", h))]
        for fact in self.knowledge.everything:
            if self.guard.touches(fact.answer):
                raise ValueError(f"{fact.id}: a held-out question shares five words with its answer")

    # ------------------------------------------------------------ dialogues
    def unguarded(self, draw: random.Random) -> tuple[str, str]:
        """A question and its answer, not yet checked against the held-out questions."""
        kind = draw.random()
        if kind < 0.67:
            fact = draw.choice(self.knowledge.facts)
            return phrasing.question(fact, draw), fact.answer
        if kind < 0.80:
            return self.unknown(draw), self.knowledge.unknown.answer
        if kind < 0.84:
            fact = draw.choice(self.knowledge.small_talk)
            return phrasing.dressed(phrasing.spin(draw.choice(fact.ask), draw), draw), fact.answer
        return skills.task(self.vocabulary, draw)

    def unknown(self, draw: random.Random) -> str:
        kind = draw.random()
        if kind < 0.35:
            frame = phrasing.spin(draw.choice(self.knowledge.unknown.frames), draw)
            filled = re.sub(r"\bW\b", lambda _: draw.choice(draw.choice([self.vocabulary, self.strange])), frame)
            return phrasing.finished(filled, draw)
        if kind < 0.65:
            return phrasing.finished(phrasing.spin(draw.choice(self.knowledge.unknown.ask), draw), draw)
        if kind < 0.92:
            name = draw.choice(self.strange)
            name = draw.choice(["", "", "", "a ", "the "]) + name
        else:
            name = "_".join(draw.choice(self.vocabulary) for _ in range(draw.randint(2, 4)))
            name = draw.choice([name, name.upper(), "VLLM_" + name.upper()])
        return phrasing.finished(phrasing.named(name, draw.random() < 0.3, draw), draw)

    def turn(self, draw: random.Random) -> tuple[str, str]:
        while True:
            question, answer = self.unguarded(draw)
            if question and not self.guard.touches(question):
                return question, answer

    def dialogue(self, draw: random.Random) -> list[Piece]:
        pieces = [Piece(bpe.BOS, 0, True)]
        if draw.random() < 0.08:
            pieces += [Piece(bpe.SYSTEM, 0, True), Piece(draw.choice(SYSTEMS), 0)]
        for _ in range(draw.choice([1, 1, 1, 1, 2, 3])):
            question, answer = self.turn(draw)
            pieces += [Piece(bpe.USER, 0, True), Piece(question.strip(), QUESTION_WEIGHT)]
            pieces += [Piece(bpe.ASSISTANT, 0, True), Piece(answer, ANSWER_WEIGHT), Piece(bpe.EOS, ANSWER_WEIGHT, True)]
        return pieces

    def passage(self, draw: random.Random) -> list[Piece]:
        return [Piece(bpe.BOS, 0, True), Piece(draw.choice(self.passages), TEXT_WEIGHT)]

    def sample_texts(self, dialogues: int, passages: int, seed: int = 1) -> list[str]:
        """Plain text to learn the tokenizer from."""
        draw = random.Random(seed)
        spoken = [text for _ in range(dialogues) for text in self.turn(draw)]
        return spoken + draw.sample(self.passages, min(passages, len(self.passages)))


class Batches:
    """Rows of `length` tokens with targets, loss weights and document numbers."""

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer, rows: int, length: int, text_share: float, seed: int):
        self.corpus, self.tokenizer, self.rows, self.length = corpus, tokenizer, rows, length
        self.text_share, self.seed = text_share, seed

    def encode(self, pieces: list[Piece]) -> tuple[list[int], list[float]]:
        ids: list[int] = []
        weights: list[float] = []
        for piece in pieces:
            new = (
                [self.tokenizer.token_to_id(piece.text)]
                if piece.special
                else self.tokenizer.encode(piece.text, add_special_tokens=False).ids
            )
            ids += new
            weights += [piece.weight] * len(new)
        return ids, weights

    def row(self, draw: random.Random) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One row of length+1 tokens; a dialogue is never cut, a passage fills what it may."""
        size = self.length + 1
        ids, weights, documents = [], [], []
        number, is_text = 0, draw.random() < self.text_share
        while len(ids) < size:
            make = self.corpus.passage if is_text else self.corpus.dialogue
            new, new_weights = self.encode(make(draw))
            if len(ids) + len(new) > size:
                if not is_text and size - len(ids) > 40:
                    continue
                if not is_text:
                    new, new_weights = [2] * (size - len(ids)), [0.0] * (size - len(ids))
                new, new_weights = new[: size - len(ids)], new_weights[: size - len(ids)]
            ids, weights, documents = ids + new, weights + new_weights, documents + [number] * len(new)
            number += 1
        return np.array(ids), np.array(weights, dtype=np.float32), np.array(documents)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """inputs, targets, weights and documents, each [rows, length]."""
        draw = random.Random(self.seed * 1_000_003 + step)
        made = [self.row(draw) for _ in range(self.rows)]
        ids, weights, documents = (np.stack(part) for part in zip(*made))
        same = documents[:, 1:] == documents[:, :-1]
        return ids[:, :-1], ids[:, 1:], weights[:, 1:] * same, documents[:, :-1]
