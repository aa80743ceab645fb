"""DeepSeek-V3 in PyTorch, written for training a small one on a CPU: no token is dropped.

The parameters carry Hugging Face's names, except that a layer's experts are stacked.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# Experts compute rows in multiples of this: the CPU kernels are generated anew for every matrix size.
PAD_ROWS = 64


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 2048
    hidden: int = 192
    layers: int = 4
    dense_layers: int = 1
    heads: int = 6
    nope: int = 32
    rope: int = 16
    value: int = 32
    q_rank: int = 96
    kv_rank: int = 64
    dense_inner: int = 512
    expert_inner: int = 96
    experts: int = 16
    groups: int = 4
    kept_groups: int = 2
    chosen: int = 4
    scale: float = 2.5
    theta: float = 10000.0


def norm(x: Tensor, weight: Tensor) -> Tensor:
    """RMS norm in f32, returned in the type of `x`."""
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6) * weight).to(x.dtype)


class Norm(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return norm(x, self.weight)


def linear(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(layer.weight, std=gain * 0.6 / inputs**0.5)
    return layer


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Interleaved RoPE on [rows, heads, tokens, rope]; the output order of the pairs does not matter to q.k."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.cat([even * cosine - odd * sine, odd * cosine + even * sine], dim=-1)


class Attention(nn.Module):
    """Multi-head latent attention with a low-rank query (DeepSeek-V2, arXiv 2405.04434)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.q_a_proj, self.q_a_layernorm = linear(s.hidden, s.q_rank), Norm(s.q_rank)
        self.q_b_proj = linear(s.q_rank, s.heads * (s.nope + s.rope))
        self.kv_a_proj_with_mqa, self.kv_a_layernorm = linear(s.hidden, s.kv_rank + s.rope), Norm(s.kv_rank)
        self.kv_b_proj = linear(s.kv_rank, s.heads * (s.nope + s.value))
        self.o_proj = linear(s.heads * s.value, s.hidden, gain=(2 * s.layers) ** -0.5)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        s, (rows, tokens, _) = self.s, x.shape
        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x))).view(rows, tokens, s.heads, -1).transpose(1, 2)
        q_nope, q_rope = q.split([s.nope, s.rope], dim=-1)
        latent, k_rope = self.kv_a_proj_with_mqa(x).split([s.kv_rank, s.rope], dim=-1)
        kv = self.kv_b_proj(self.kv_a_layernorm(latent)).view(rows, tokens, s.heads, -1).transpose(1, 2)
        k_nope, v = kv.split([s.nope, s.value], dim=-1)
        k_rope = rotate(k_rope.unsqueeze(1), cosine, sine).expand(-1, s.heads, -1, -1)
        q = torch.cat([q_nope, rotate(q_rope, cosine, sine).to(q.dtype)], dim=-1)
        k = torch.cat([k_nope, k_rope.to(k_nope.dtype)], dim=-1)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o_proj(out.transpose(1, 2).reshape(rows, tokens, -1))


class Dense(nn.Module):
    """SwiGLU feed-forward."""

    def __init__(self, hidden: int, inner: int, layers: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = linear(hidden, inner), linear(hidden, inner)
        self.down_proj = linear(inner, hidden, gain=(2 * layers) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Gate(nn.Module):
    """Sigmoid router, group-limited top-k; the bias only chooses (DeepSeek-V3, arXiv 2412.19437 §2.1.2)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.weight = nn.Parameter(torch.randn(s.experts, s.hidden) / s.hidden**0.5)
        self.register_buffer("e_score_correction_bias", torch.zeros(s.experts))
        self.register_buffer("load", torch.zeros(s.experts), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[tokens, chosen] expert ids and weights."""
        s = self.s
        with torch.autocast("cpu", enabled=False):
            scores = F.linear(x.float(), self.weight.float()).sigmoid()
        with torch.no_grad():
            biased = (scores + self.e_score_correction_bias).view(len(x), s.groups, -1)
            best = biased.topk(2, dim=-1)[0].sum(-1).topk(s.kept_groups, dim=-1)[1]
            allowed = torch.zeros(len(x), s.groups, 1, dtype=torch.bool).scatter_(1, best.unsqueeze(-1), True)
            ids = biased.masked_fill(~allowed, float("-inf")).flatten(1).topk(s.chosen, dim=-1)[1]
            if self.training:
                self.load += torch.bincount(ids.flatten(), minlength=s.experts)
        weights = scores.gather(1, ids)
        return ids, weights / (weights.sum(-1, keepdim=True) + 1e-20) * s.scale

    def balance(self, step: float) -> float:
        """Nudges the bias towards equal load by sign; returns max/mean load since the last call."""
        self.e_score_correction_bias += step * torch.sign(self.load.mean() - self.load)
        peak = float(self.load.max() / self.load.mean().clamp(min=1))
        self.load.zero_()
        return peak


class Mixture(nn.Module):
    """Routed experts plus one shared expert."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.gate = Gate(s)
        self.shared_experts = Dense(s.hidden, s.expert_inner, s.layers)
        self.gate_up = nn.Parameter(torch.randn(s.experts, 2 * s.expert_inner, s.hidden) * 0.6 / s.hidden**0.5)
        self.down = nn.Parameter(
            torch.randn(s.experts, s.hidden, s.expert_inner) * 0.6 / (s.expert_inner * 2 * s.layers) ** 0.5
        )

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        ids, weights = self.gate(flat)
        order = ids.flatten().argsort()
        source = order // ids.shape[1]
        counts = torch.bincount(ids.flatten(), minlength=len(self.down)).tolist()
        rows = flat.index_select(0, source).split(counts)
        narrow = [w.to(torch.bfloat16) if torch.is_autocast_enabled("cpu") else w for w in (self.gate_up, self.down)]
        outputs = []
        for expert, own in enumerate(rows):
            padded = F.pad(own, (0, 0, 0, -len(own) % PAD_ROWS)) if self.training else own
            gate, up = F.linear(padded, narrow[0][expert]).chunk(2, dim=-1)
            outputs.append(F.linear(F.silu(gate) * up, narrow[1][expert])[: len(own)])
        weighted = torch.cat(outputs) * weights.flatten().index_select(0, order).unsqueeze(-1).to(x.dtype)
        routed = torch.zeros_like(flat).index_add(0, source, weighted.to(x.dtype))
        return routed.view_as(x) + self.shared_experts(x)


class Layer(nn.Module):
    def __init__(self, s: Shape, index: int) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = Norm(s.hidden), Norm(s.hidden)
        self.self_attn = Attention(s)
        self.mlp = Dense(s.hidden, s.dense_inner, s.layers) if index < s.dense_layers else Mixture(s)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Network(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.embed_tokens = nn.Embedding(s.vocabulary, s.hidden)
        nn.init.normal_(self.embed_tokens.weight, std=0.5)
        self.layers = nn.ModuleList(Layer(s, i) for i in range(s.layers))
        self.norm = Norm(s.hidden)
        self.lm_head = linear(s.hidden, s.vocabulary, gain=0.5)

    def angles(self, tokens: int) -> tuple[Tensor, Tensor]:
        frequency = self.s.theta ** -(torch.arange(0, self.s.rope, 2).float() / self.s.rope)
        angle = torch.outer(torch.arange(tokens).float(), frequency)
        return angle.cos(), angle.sin()

    def features(self, ids: Tensor, documents: Tensor | None = None) -> Tensor:
        """Final normed activations [rows, tokens, hidden]; attention stays inside a document."""
        tokens = ids.shape[1]
        mask = torch.ones(tokens, tokens, dtype=torch.bool).tril()
        if documents is not None:
            mask = (mask & (documents.unsqueeze(1) == documents.unsqueeze(2))).unsqueeze(1)
        cosine, sine = self.angles(tokens)
        x = self.embed_tokens(ids)
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.bfloat16)
        for layer in self.layers:
            x = layer(x, cosine, sine, mask)
        return self.norm(x)

    def forward(self, ids: Tensor, documents: Tensor | None = None) -> Tensor:
        return self.lm_head(self.features(ids, documents))

    def gates(self) -> list[Gate]:
        return [layer.mlp.gate for layer in self.layers if isinstance(layer.mlp, Mixture)]
