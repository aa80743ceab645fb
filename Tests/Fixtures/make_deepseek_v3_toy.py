"""Makes Tests/Fixtures/deepseek-v3-toy: a random DeepSeek-V3 of a few ten thousand parameters and what
transformers computes with it.

    python Tests/Fixtures/make_deepseek_v3_toy.py        (packages: Tools/model/requirements.txt)

golden.json         three prompts (8, 40, 150 tokens), 16 greedy tokens for each, the smallest margins seen
golden.safetensors  `<prompt>.logits` [tokens, vocabulary] of every prompt position, and for the 8-token
                    prompt every intermediate tensor named as in the module it leaves:
                    `p8.layers.L.{input_layernorm, q_a_layernorm, q_b_proj, kv_a_proj_with_mqa, kv_a_layernorm,
                    o_proj, post_attention_layernorm, output}` and, in the mixture layers,
                    `router_logits`, `router_ids`, `router_weights`, `experts`, `shared_experts`.
                    `router_ids` is ascending in each row and `router_weights` follows it (scaled, normalised).

No decision in the goldens is a near tie: each router choice (expert and group) and each greedy token wins by
more than MARGIN, so a correct f32 engine cannot flip one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tools" / "model"))
import tokenizer as bpe  # noqa: E402

OUT = HERE / "deepseek-v3-toy"
MARGIN = 1e-3
LENGTHS = (8, 40, 150)
GREEDY = 16
FIRST_TEXT_ID = len(bpe.SPECIALS)

TEXT = """
The rank answers, the ingress asks. Every token of every request is computed once, by its owner. 0123456789
def step(tokens): return [expert(t) for t in tokens]  # a comment, "quoted", it's fine; x += 1
naïve café über straße — “curly” … 你好世界 こんにちは カタカナ 안녕 привет мир 🙂🚀
the data parallel group of ranks runs its steps together and the idle ranks run dummy steps with the others
""".splitlines()


def configuration(vocabulary: int) -> DeepseekV3Config:
    return DeepseekV3Config(
        vocab_size=vocabulary, hidden_size=32, intermediate_size=48, moe_intermediate_size=24,
        num_hidden_layers=3, first_k_dense_replace=1, num_attention_heads=4, num_key_value_heads=4,
        q_lora_rank=20, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=12,
        n_routed_experts=8, n_group=4, topk_group=2, num_experts_per_tok=3, n_shared_experts=1,
        routed_scaling_factor=2.5, norm_topk_prob=True, max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, rope_interleave=True,
        bos_token_id=0, eos_token_id=1, pad_token_id=2,
    )


def random_model(seed: int) -> DeepseekV3ForCausalLM:
    generator = torch.Generator().manual_seed(seed)
    model = DeepseekV3ForCausalLM(configuration(320)).float().eval()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.dim() == 1:  # norm weights: around one, so that forgetting one is visible
                tensor.copy_(1 + 0.2 * torch.randn(tensor.shape, generator=generator))
            else:
                scale = 1.0 if "embed" in name else 2.0 / tensor.shape[-1] ** 0.5
                tensor.copy_(scale * torch.randn(tensor.shape, generator=generator))
        for name, tensor in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))
    return model


class Recorder:
    """Collects module outputs of the newest forward pass by forward hooks."""

    def __init__(self, model: DeepseekV3ForCausalLM) -> None:
        self.outputs: dict[str, torch.Tensor] = {}
        self.hook("embed_tokens", model.model.embed_tokens)
        self.hook("norm", model.model.norm)
        self.gates = []
        for index, layer in enumerate(model.model.layers):
            prefix, attention = f"layers.{index}.", layer.self_attn
            self.hook(prefix + "input_layernorm", layer.input_layernorm)
            for part in ("q_a_layernorm", "q_b_proj", "kv_a_proj_with_mqa", "kv_a_layernorm", "o_proj"):
                self.hook(prefix + part, getattr(attention, part))
            self.hook(prefix + "post_attention_layernorm", layer.post_attention_layernorm)
            self.hook(prefix + "output", layer)
            if index >= model.config.first_k_dense_replace:
                self.gates.append((prefix, layer.mlp.gate))
                layer.mlp.gate.register_forward_hook(lambda _m, _i, out, p=prefix: self.routing(p, out))
                self.hook(prefix + "experts", layer.mlp.experts)
                self.hook(prefix + "shared_experts", layer.mlp.shared_experts)

    def hook(self, name: str, module: torch.nn.Module) -> None:
        def keep(_module, _inputs, output):
            value = output[0] if isinstance(output, tuple) else output
            self.outputs[name] = value.detach().reshape(-1, value.shape[-1]).clone()

        module.register_forward_hook(keep)

    def routing(self, prefix: str, output) -> None:
        logits, weights, ids = output
        order = ids.argsort(dim=-1)
        self.outputs[prefix + "router_logits"] = logits.detach().clone()
        self.outputs[prefix + "router_ids"] = ids.gather(1, order).to(torch.int32)
        self.outputs[prefix + "router_weights"] = weights.detach().gather(1, order)

    def routing_margins(self) -> torch.Tensor:
        """[tokens] the smallest gap by which an expert or a group was chosen, over all layers."""
        return torch.stack([_margin(g, self.outputs[p + "router_logits"]) for p, g in self.gates]).amin(0)


def _margin(gate: torch.nn.Module, logits: torch.Tensor) -> torch.Tensor:
    biased = logits.sigmoid() + gate.e_score_correction_bias
    grouped = biased.view(len(biased), gate.num_group, -1)
    groups = grouped.topk(2, dim=-1)[0].sum(-1)
    ordered = groups.sort(dim=-1, descending=True)
    group_gap = ordered.values[:, gate.topk_group - 1] - ordered.values[:, gate.topk_group]
    allowed = torch.full_like(grouped, float("-inf"))
    for rank in range(gate.topk_group):
        index = ordered.indices[:, rank]
        rows = torch.arange(len(biased))
        allowed[rows, index] = grouped[rows, index]
    best = allowed.flatten(1).topk(gate.top_k + 1, dim=-1)[0]
    return torch.minimum(group_gap, best[:, -2] - best[:, -1])


@torch.no_grad()
def safe_prompt(model, recorder: Recorder, length: int, generator: torch.Generator) -> list[int]:
    """Random ids, each redrawn until its routing is no near tie."""
    ids: list[int] = []
    while len(ids) < length:
        token = int(torch.randint(FIRST_TEXT_ID, model.config.vocab_size, (1,), generator=generator))
        model(torch.tensor([ids + [token]]))
        if recorder.routing_margins()[-1] > MARGIN:
            ids.append(token)
    return ids


@torch.no_grad()
def greedy(model, recorder: Recorder, prompt: list[int]) -> tuple[list[int], float, float]:
    """16 greedy tokens with the smallest argmax margin and routing margin on the way."""
    ids, argmax_margin, routing_margin = list(prompt), float("inf"), float("inf")
    for _ in range(GREEDY):
        best = model(torch.tensor([ids])).logits[0, -1].topk(2)
        argmax_margin = min(argmax_margin, float(best.values[0] - best.values[1]))
        routing_margin = min(routing_margin, float(recorder.routing_margins().min()))
        ids.append(int(best.indices[0]))
    return ids[len(prompt):], argmax_margin, routing_margin


def attempt(seed: int):
    """(model, recorder, prompts) of this seed, or None when a decision is a near tie or an eos appears."""
    model = random_model(seed)
    recorder = Recorder(model)
    generator = torch.Generator().manual_seed(seed + 1_000_000)
    prompts = []
    for length in LENGTHS:
        prompt = safe_prompt(model, recorder, length, generator)
        tokens, argmax_margin, routing_margin = greedy(model, recorder, prompt)
        if min(argmax_margin, routing_margin) <= MARGIN or min(tokens) < FIRST_TEXT_ID or len(set(tokens)) < 5:
            return None
        prompts.append({
            "name": f"p{length}", "prompt": prompt, "greedy": tokens,
            "argmaxMargin": argmax_margin, "routingMargin": routing_margin,
        })
    return model, recorder, prompts


def write(seed: int, model, recorder: Recorder, prompts: list[dict]) -> None:
    OUT.mkdir(exist_ok=True)
    model.save_pretrained(OUT)
    vocabulary = bpe.train(TEXT * 4, model.config.vocab_size)
    bpe.save(vocabulary, OUT, model.config.max_position_embeddings)
    tensors: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for prompt in prompts:
            logits = model(torch.tensor([prompt["prompt"]])).logits[0]
            tensors[f"{prompt['name']}.logits"] = logits.contiguous()
            if prompt["name"] == "p8":
                tensors |= {f"p8.{name}": value.contiguous() for name, value in recorder.outputs.items()}
    save_file(tensors, OUT / "golden.safetensors")
    golden = {"seed": seed, "margin": MARGIN, "prompts": prompts}
    (OUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    stored = load_file(OUT / "model.safetensors")
    biases = [t for n, t in stored.items() if n.endswith("e_score_correction_bias")]
    assert len(biases) == 2 and all(b.dtype == torch.float32 and b.abs().min() > 0 for b in biases)


if __name__ == "__main__":
    for seed in range(1000):
        found = attempt(seed)
        if found:
            write(seed, *found)
            print(f"seed {seed}")
            break
    else:
        sys.exit("no seed without near ties")
