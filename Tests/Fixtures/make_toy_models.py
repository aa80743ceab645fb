"""Makes Tests/Fixtures/<name>-toy: random models of a few ten thousand parameters, one of each architecture,
and what transformers computes with them.

    python Tests/Fixtures/make_toy_models.py [NAME ...]        (packages: Tools/model/requirements.txt)

golden.json         three prompts (8, 40, 150 tokens), 16 greedy tokens for each, the smallest margins seen
golden.safetensors  `<prompt>.logits` [tokens, vocabulary] of the prompt's last positions, and for the 8-token
                    prompt intermediate tensors named as in the module they leave:
                    `p8.layers.L.{input_layernorm, o_proj, post_attention_layernorm, output}` and, in the
                    mixture layers, `router_logits`, `router_ids`, `router_weights`, `experts`,
                    `shared_experts`. `router_ids` is ascending in each row and `router_weights` follows it
                    (scaled, normalised).

The weights of all but deepseek-v3 are stored as bf16 and computed with in f32; the router's bias stays f32.

No decision in the goldens is a near tie: each router choice (expert and group) and each greedy token wins by
more than MARGIN, so a correct f32 engine cannot flip one.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tools" / "model"))
import tokenizer as bpe  # noqa: E402

MARGIN = 1e-3
LENGTHS = (8, 40, 150)
GREEDY = 16
FIRST_TEXT_ID = len(bpe.SPECIALS)
VOCABULARY = 320

TEXT = """
The rank answers, the ingress asks. Every token of every request is computed once, by its owner. 0123456789
def step(tokens): return [expert(t) for t in tokens]  # a comment, "quoted", it's fine; x += 1
naïve café über straße — “curly” … 你好世界 こんにちは カタカナ 안녕 привет мир 🙂🚀
the data parallel group of ranks runs its steps together and the idle ranks run dummy steps with the others
""".splitlines()


COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=32, num_attention_heads=4, max_position_embeddings=2048,
    bos_token_id=0, eos_token_id=1, pad_token_id=2,
)
DEEPSEEK = COMMON | dict(
    num_key_value_heads=4, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=12,
    n_routed_experts=8, num_experts_per_tok=3, num_hidden_layers=2, first_k_dense_replace=1,
    intermediate_size=32, moe_intermediate_size=16,
)
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}


@dataclass
class Family:
    """One architecture at toy size."""

    config: transformers.PreTrainedConfig
    model: type
    f32: bool = False
    # How many of a prompt's last positions keep their logits, by its length.
    kept: tuple[int, ...] = (8, 8, 4)


def families() -> dict[str, Family]:
    return {
        "deepseek-v3": Family(
            transformers.DeepseekV3Config(**DEEPSEEK | dict(
                num_hidden_layers=3, intermediate_size=48, moe_intermediate_size=24, q_lora_rank=20,
                n_group=4, topk_group=2, n_shared_experts=1, routed_scaling_factor=2.5, norm_topk_prob=True,
                rope_parameters=PLAIN, rope_interleave=True)),
            transformers.DeepseekV3ForCausalLM, f32=True, kept=(8, 40, 16)),
        # Positions go past the original context, and both the ramp and the two temperatures matter.
        "deepseek-v3-yarn": Family(
            transformers.DeepseekV3Config(**DEEPSEEK | dict(
                q_lora_rank=20, n_group=4, topk_group=2, n_shared_experts=1, routed_scaling_factor=2.5,
                norm_topk_prob=True, rope_interleave=True, max_position_embeddings=2560,
                rope_parameters={"rope_type": "yarn", "rope_theta": 10000.0, "factor": 40.0,
                                 "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 0.707, "mscale_all_dim": 1.0,
                                 "original_max_position_embeddings": 64})),
            transformers.DeepseekV3ForCausalLM),
        # As V2-Lite: no low-rank queries, two shared experts; as V2: groups.
        "deepseek-v2": Family(
            transformers.DeepseekV2Config(**DEEPSEEK | dict(
                q_lora_rank=None, topk_method="group_limited_greedy", n_group=4, topk_group=2,
                n_shared_experts=2, routed_scaling_factor=4.0, norm_topk_prob=False, rope_parameters=PLAIN)),
            transformers.DeepseekV2ForCausalLM),
        "mixtral": Family(
            transformers.MixtralConfig(**COMMON | dict(
                num_hidden_layers=2, num_key_value_heads=2, intermediate_size=16, num_local_experts=8,
                num_experts_per_tok=2, rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
            transformers.MixtralForCausalLM),
        # A head size that is not hidden / heads, a dense layer between, tied embeddings.
        "qwen3-moe": Family(
            transformers.Qwen3MoeConfig(**COMMON | dict(
                num_hidden_layers=3, num_key_value_heads=2, head_dim=12, intermediate_size=32,
                moe_intermediate_size=16, num_experts=8, num_experts_per_tok=3, norm_topk_prob=True,
                mlp_only_layers=[1], decoder_sparse_step=1, tie_word_embeddings=True,
                rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
            transformers.Qwen3MoeForCausalLM),
    }


def random_model(family: Family, seed: int) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(seed)
    model = family.model(family.config).float().eval()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.dim() == 1:  # norm weights: around one, so that forgetting one is visible
                tensor.copy_(1 + 0.2 * torch.randn(tensor.shape, generator=generator))
            else:
                scale = 1.0 if "embed" in name else 2.0 / tensor.shape[-1] ** 0.5
                tensor.copy_(scale * torch.randn(tensor.shape, generator=generator))
            if not family.f32:
                tensor.copy_(tensor.bfloat16().float())
        for name, tensor in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))
    return model


class Recorder:
    """Collects module outputs of the newest forward pass by forward hooks."""

    PARTS = ("q_a_layernorm", "q_b_proj", "kv_a_proj_with_mqa", "kv_a_layernorm")

    def __init__(self, model: torch.nn.Module, everything: bool) -> None:
        self.outputs: dict[str, torch.Tensor] = {}
        if everything:
            self.hook("embed_tokens", model.model.embed_tokens)
            self.hook("norm", model.model.norm)
        self.config = model.config
        self.gates = []
        for index, layer in enumerate(model.model.layers):
            prefix, attention = f"layers.{index}.", layer.self_attn
            self.hook(prefix + "input_layernorm", layer.input_layernorm)
            for part in (*self.PARTS, "o_proj") if everything else ("o_proj",):
                self.hook(prefix + part, getattr(attention, part))
            self.hook(prefix + "post_attention_layernorm", layer.post_attention_layernorm)
            self.hook(prefix + "output", layer)
            if hasattr(layer.mlp, "gate"):
                self.gates.append((prefix, layer.mlp.gate))
                layer.mlp.gate.register_forward_hook(lambda _m, _i, out, p=prefix: self.routing(p, out))
                self.hook(prefix + "experts", layer.mlp.experts)
                if hasattr(layer.mlp, "shared_experts"):
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
        return torch.stack(
            [_margin(self.config, g, self.outputs[p + "router_logits"]) for p, g in self.gates]).amin(0)


def _margin(config, gate: torch.nn.Module, logits: torch.Tensor) -> torch.Tensor:
    if hasattr(gate, "e_score_correction_bias"):
        scores, best_of = logits.sigmoid() + gate.e_score_correction_bias, 2
    else:
        scores, best_of = logits.softmax(-1), 1
    count = getattr(config, "n_group", None) or 1
    wanted = getattr(config, "topk_group", None) or count
    grouped = scores.view(len(scores), count, -1)
    allowed, gap = grouped, torch.full((len(scores),), float("inf"))
    if wanted < count:
        ordered = grouped.topk(best_of, dim=-1)[0].sum(-1).sort(dim=-1, descending=True)
        gap = ordered.values[:, wanted - 1] - ordered.values[:, wanted]
        allowed = torch.full_like(grouped, float("-inf"))
        for rank in range(wanted):
            index, rows = ordered.indices[:, rank], torch.arange(len(scores))
            allowed[rows, index] = grouped[rows, index]
    best = allowed.flatten(1).topk(config.num_experts_per_tok + 1, dim=-1)[0]
    return torch.minimum(gap, best[:, -2] - best[:, -1])


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


def attempt(family: Family, seed: int):
    """(model, recorder, prompts) of this seed, or None when a decision is a near tie or an eos appears."""
    model = random_model(family, seed)
    recorder = Recorder(model, everything=family.f32)
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


def save_weights(model: torch.nn.Module, folder: Path, f32: bool) -> None:
    """As published checkpoints store them: classic names, bf16, the router's bias in f32."""
    model.save_pretrained(folder)
    path = folder / "model.safetensors"
    stored = load_file(path)
    biases = {n: t for n, t in stored.items() if n.endswith("e_score_correction_bias")}
    assert all(b.dtype == torch.float32 and b.abs().min() > 0 for b in biases.values())
    assert not any("gate_up_proj" in name for name in stored), "names of published checkpoints"
    if not f32:
        save_file({n: t.bfloat16() for n, t in stored.items()} | biases, path, metadata={"format": "pt"})


def write(name: str, family: Family, seed: int, model, recorder: Recorder, prompts: list[dict]) -> None:
    folder = HERE / f"{name}-toy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    save_weights(model, folder, family.f32)
    vocabulary = bpe.train(TEXT * 4, VOCABULARY)
    bpe.save(vocabulary, folder, model.config.max_position_embeddings)
    tensors: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for prompt, kept in zip(prompts, family.kept):
            logits = model(torch.tensor([prompt["prompt"]])).logits[0, -kept:]
            tensors[f"{prompt['name']}.logits"] = logits.contiguous()
            if prompt["name"] == "p8":
                tensors |= {f"p8.{name}": value.contiguous() for name, value in recorder.outputs.items()}
    save_file(tensors, folder / "golden.safetensors")
    golden = {"seed": seed, "margin": MARGIN, "prompts": prompts}
    rows = json.dumps(golden, indent=1) if family.f32 else json.dumps(golden)
    (folder / "golden.json").write_text(rows + "\n")


def make(name: str, family: Family) -> None:
    for seed in range(1000):
        if found := attempt(family, seed):
            write(name, family, seed, *found)
            print(f"{name}: seed {seed}", flush=True)
            return
    sys.exit(f"{name}: no seed without near ties")


if __name__ == "__main__":
    known = families()
    for name in sys.argv[1:] or known:
        make(name, known[name])
