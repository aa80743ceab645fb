"""Trains operator-moe on a CPU. Stop it at any time; started again, it goes on from the last checkpoint.

    python train.py --cache DIR --tokens 12e6 [--threads 2]

The learning rate warms up, stays, and falls to zero over the last quarter of --tokens. The checkpoint from
before the fall is kept as stable.pt, so a later run with a larger --tokens goes on from there.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import tokenizer as bpe
from corpus import Batches, Corpus
from muon import Muon
from network import Network, Shape

DEFAULT_CACHE = Path(os.environ.get("DPDEPLOY_MODEL_CACHE", Path.home() / ".cache" / "dpdeploy-model"))
ROWS, LENGTH, TEXT_SHARE = 16, 192, 0.2
WARMUP, FALL = 60, 0.25
CHECKPOINT_SECONDS = 300
BALANCE_STEP = 0.002


def learned_tokenizer(corpus: Corpus, cache: Path) -> Tokenizer:
    path = cache / "tokenizer.json"
    if not path.exists():
        made = bpe.train(corpus.sample_texts(dialogues=20000, passages=1200), Shape().vocabulary)
        made.save(str(path))
    return Tokenizer.from_file(str(path))


def optimizers(network: Network) -> list[torch.optim.Optimizer]:
    table = [network.embed_tokens.weight]
    head = [network.lm_head.weight]
    matrices, others = [], []
    for name, parameter in network.layers.named_parameters():
        (matrices if parameter.dim() >= 2 and not name.endswith("gate.weight") else others).append(parameter)
    adam = torch.optim.AdamW(
        [
            {"params": table, "lr": 8e-3},
            {"params": head, "lr": 2e-3},
            {"params": [*others, network.norm.weight], "lr": 2e-3},
        ],
        betas=(0.9, 0.98), weight_decay=0.0,
    )
    made = [Muon(matrices, lr=0.015), adam]
    for optimizer in made:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return made


def falls_at(total: int) -> int:
    return total - int(total * FALL)


def factor(step: int, total: int) -> float:
    """Share of the peak learning rate at this step."""
    return min(1.0, (step + 1) / WARMUP, (total - step) / (total - falls_at(total)))


def save(
    path: Path, step: int, total: int, network: Network, made: list[torch.optim.Optimizer], seconds: float
) -> None:
    state = {
        "step": step, "total": total, "shape": asdict(network.s), "network": network.state_dict(), "seconds": seconds,
        "optimizers": [o.state_dict() for o in made],
    }
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def restore(cache: Path, total: int, network: Network, made: list[torch.optim.Optimizer]) -> tuple[int, float]:
    """Loads last.pt, or stable.pt where last.pt fell towards another end; returns step and seconds spent."""
    path = cache / "last.pt"
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    if state["total"] != total and state["step"] > falls_at(state["total"]):
        state = torch.load(cache / "stable.pt", weights_only=True)
    network.load_state_dict(state["network"])
    for optimizer, saved in zip(made, state["optimizers"]):
        optimizer.load_state_dict(saved)
    return state["step"], state["seconds"]


def loss_of(network: Network, batch) -> torch.Tensor:
    ids, targets, weights, documents = (torch.from_numpy(part) for part in batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = network.features(ids, documents)
        counted = weights.flatten() > 0
        logits = network.lm_head(features.flatten(0, 1)[counted])
    each = F.cross_entropy(logits.float(), targets.flatten()[counted], reduction="none")
    chosen = weights.flatten()[counted]
    return (each * chosen).sum() / chosen.sum()


def advance(network: Network, made: list[torch.optim.Optimizer], batch, share: float) -> tuple[float, list[float]]:
    """One step at this share of the peak rate; returns the loss and each router's max/mean load."""
    for optimizer in made:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
    loss = loss_of(network, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in made:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.item(), [gate.balance(BALANCE_STEP * share) for gate in network.gates()]


def stop_asked() -> threading.Event:
    """Set by SIGTERM or SIGINT."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked


def train(cache: Path, tokens: float, log_every: int) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    corpus, stop = Corpus(), stop_asked()
    batches = Batches(corpus, learned_tokenizer(corpus, cache), ROWS, LENGTH, TEXT_SHARE, seed=1)
    network = Network(Shape()).train()
    made = optimizers(network)
    total = int(tokens / (ROWS * LENGTH))
    step, spent = restore(cache, total, network, made)
    count = sum(p.numel() for p in network.parameters())
    print(f"{count / 1e6:.2f} M parameters, from step {step} to {total}", flush=True)
    started = saved = window = time.monotonic()
    losses: list[float] = []
    while step < total and not stop.is_set():
        if step == falls_at(total):
            save(cache / "stable.pt", step, total, network, made, spent + time.monotonic() - started)
        loss, peaks = advance(network, made, batches.batch(step), factor(step, total))
        losses.append(loss)
        step += 1
        now = time.monotonic()
        if step % log_every == 0:
            pace = len(losses) * ROWS * LENGTH / (now - window)
            mean, loads = sum(losses) / len(losses), " ".join(f"{p:.2f}" for p in peaks)
            print(f"step {step} loss {mean:.4f} tokens/s {pace:.0f} peak load {loads}", flush=True)
            losses, window = [], now
        if now - saved > CHECKPOINT_SECONDS or step == total or stop.is_set():
            save(cache / "last.pt", step, total, network, made, spent + now - started)
            saved = now


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    arguments.add_argument("--tokens", type=float, default=12e6)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--log-every", type=int, default=20)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    train(given.cache, given.tokens, given.log_every)
