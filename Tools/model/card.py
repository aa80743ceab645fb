"""Writes the model card, models/operator-moe/README.md, from the files it describes and the measured score.

    python card.py ../../models/operator-moe --score score.json [--cache DIR] [--checkpoint last.pt]
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

import train
from facts import load

CARD = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---
# operator-moe

A {millions:.1f} M parameter mixture-of-experts language model with the architecture of DeepSeek-V3, trained from
scratch for dpdeploy, so that a data-parallel deployment can be tried with real weights on a laptop. It answers
questions about data-parallel serving in one sentence, says "I don't know." to the rest, and does a few small tasks
(repeat, count, add). It is a demonstration: a real architecture with a small head. Do not rely on its answers.

| | |
|---|---|
| Layers | {layers}, the first dense |
| Attention | MLA: {heads} heads, hidden {hidden}, q_lora {q_rank}, kv_lora {kv_rank}, nope {nope} + rope {rope}, value {value} |
| Experts | {experts} routed, top-{chosen} of {kept_groups}/{groups} groups, sigmoid router with a choosing bias, 1 shared |
| Vocabulary | {vocabulary}, byte-level BPE, DeepSeek-V3's pre-tokenizer |
| Context | `max_position_embeddings` {positions}; **trained on {length} tokens**: beyond that it runs, but rambles |
| Weights | bf16 (`e_score_correction_bias` f32), {bytes} bytes, sha256 `{digest}` |

## Score

{known_right} of {known_asked} held-out questions about its {facts} facts and {unknown_right} of {unknown_asked}
questions it cannot know are answered right: **{percent:.1f} %**. Of the small tasks {skills:.0f} % are solved.

Held-out questions were written by hand before training and share no run of five words with any training text
(`Tools/model/check_held_out.py`). An answer is right when it has the key terms of the fact and of no other fact,
under greedy decoding in f32 through transformers {transformers} (`Tools/model/evaluate.py`).

## Recipe

`Tools/model/train.py`: {tokens:.1f} M tokens in {steps} steps of {rows} x {length}, bf16 autocast on two CPU cores,
{hours:.1f} hours. Muon for matrices, AdamW for the rest; warm-up, constant rate, linear fall over the last quarter;
the router's load is balanced by the sign of each expert's bias error. Loss on answers, little on questions.
The corpus grew while it trained: more small tasks from step 343, about twice the ways to ask from step 1861, after
a first score of 63.7 % had shown that questions without the name of the thing were the weak ones (no single
held-out question was looked at for that). The tokenizer is that of the first corpus.

Corpus: dialogues generated from `Tools/model/facts.yaml` (ours), small tasks (ours), and {share:.0f} % rows of public-domain
text from Debian: the King James Bible (`bible-kjv-text`), The Devil's Dictionary (`dict-devil`), the Jargon File
(`jargon-text`). Nothing else, and no other model's output.

## Licence

Apache-2.0, as the rest of dpdeploy. The texts it was trained on are in the public domain.
"""


def main(folder: Path, score: Path, cache: Path, checkpoint: str) -> None:
    state = torch.load(cache / checkpoint, weights_only=True)
    weights = (folder / "model.safetensors").read_bytes()
    config = json.loads((folder / "config.json").read_text())
    judged = json.loads(score.read_text())
    import transformers

    card = CARD.format(
        **state["shape"], **{k: judged[k] for k in judged if k != "skills"},
        skills=100 * judged["skills"], percent=100 * judged["score"],
        millions=sum(t.numel() for n, t in state["network"].items() if not n.endswith("bias")) / 1e6,
        positions=config["max_position_embeddings"], length=train.LENGTH, rows=train.ROWS,
        bytes=len(weights), digest=hashlib.sha256(weights).hexdigest(), transformers=transformers.__version__,
        steps=state["step"], tokens=state["step"] * train.ROWS * train.LENGTH / 1e6, hours=state["seconds"] / 3600,
        share=100 * train.TEXT_SHARE,
    )
    assert judged["facts"] == len(load().facts), "the score is of other facts"
    (folder / "README.md").write_text(card)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("--score", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, default=train.DEFAULT_CACHE)
    arguments.add_argument("--checkpoint", default="last.pt")
    given = arguments.parse_args()
    main(given.model, given.score, given.cache, given.checkpoint)
