"""Muon: momentum whose matrices are made orthogonal by Newton-Schulz (Keller Jordan, 2024); AdamW for the rest."""

from __future__ import annotations

import torch
from torch import Tensor


def orthogonal(matrices: Tensor, rounds: int = 5) -> Tensor:
    """[n, rows, columns] matrices with all singular values pushed towards one."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.to(torch.bfloat16)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """For weight matrices [rows, columns] and stacks of them [n, rows, columns]."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(state["momentum"], group["momentum"])
                update = orthogonal(update.view(-1, *p.shape[-2:])).view_as(p)
                scale = max(1, p.shape[-2] / p.shape[-1]) ** 0.5
                p.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-group["lr"] * scale)
