"""Writes a checkpoint as a Hugging Face model folder, and checks that transformers computes the same with it.

    python export.py --cache DIR [--checkpoint last.pt] --out ../../models/operator-moe

Weights are stored as bf16; the router's choosing bias stays f32, as in DeepSeek's own checkpoints.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import DeepseekV3ForCausalLM

import tokenizer as bpe
from network import Network, Shape

MAX_POSITIONS = 16384
LARGEST_FILE = 14 * 1024 * 1024


def configuration(s: Shape) -> dict:
    """config.json with the names and nesting transformers writes."""
    return {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "dtype": "bfloat16",
        "vocab_size": s.vocabulary,
        "hidden_size": s.hidden,
        "intermediate_size": s.dense_inner,
        "moe_intermediate_size": s.expert_inner,
        "num_hidden_layers": s.layers,
        "first_k_dense_replace": s.dense_layers,
        "num_attention_heads": s.heads,
        "num_key_value_heads": s.heads,
        "q_lora_rank": s.q_rank,
        "kv_lora_rank": s.kv_rank,
        "qk_nope_head_dim": s.nope,
        "qk_rope_head_dim": s.rope,
        "qk_head_dim": s.nope + s.rope,
        "v_head_dim": s.value,
        "head_dim": s.rope,
        "n_routed_experts": s.experts,
        "n_shared_experts": 1,
        "n_group": s.groups,
        "topk_group": s.kept_groups,
        "num_experts_per_tok": s.chosen,
        "norm_topk_prob": True,
        "routed_scaling_factor": s.scale,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-06,
        "max_position_embeddings": MAX_POSITIONS,
        "rope_interleave": True,
        "rope_parameters": {"rope_theta": s.theta, "rope_type": "default"},
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "num_nextn_predict_layers": 0,
        "tie_word_embeddings": False,
        "use_cache": True,
        "bos_token_id": bpe.SPECIALS.index(bpe.BOS),
        "eos_token_id": bpe.SPECIALS.index(bpe.EOS),
        "pad_token_id": bpe.SPECIALS.index(bpe.PAD),
    }


def generation(s: Shape) -> dict:
    keys = ("bos_token_id", "eos_token_id", "pad_token_id")
    return {"_from_model_config": False, "do_sample": False, **{k: configuration(s)[k] for k in keys}}


def tensors(network: Network) -> dict[str, torch.Tensor]:
    """The parameters under Hugging Face's names, experts one by one."""
    made: dict[str, torch.Tensor] = {}
    for name, tensor in network.state_dict().items():
        full = name if name.startswith("lm_head") else f"model.{name}"
        if name.endswith("mlp.gate_up"):
            for expert, both in enumerate(tensor):
                gate, up = both.chunk(2)
                prefix = full.removesuffix("gate_up") + f"experts.{expert}."
                made |= {prefix + "gate_proj.weight": gate, prefix + "up_proj.weight": up}
        elif name.endswith("mlp.down"):
            for expert, down in enumerate(tensor):
                made[full.removesuffix("down") + f"experts.{expert}.down_proj.weight"] = down
        else:
            made[full] = tensor
    return {
        name: (t.float() if name.endswith("e_score_correction_bias") else t.to(torch.bfloat16)).contiguous()
        for name, t in made.items()
    }


def rounded(network: Network) -> Network:
    """The same network with its weights rounded to bf16, computing in f32."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.to(torch.bfloat16).float())
    return network.eval()


def load_checkpoint(path: Path) -> Network:
    state = torch.load(path, weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["network"])
    print(f"{path}: step {state['step']} of {state['total']}, {state['seconds'] / 3600:.2f} hours")
    return network


@torch.no_grad()
def compare(folder: Path, network: Network) -> float:
    """Largest logit difference to transformers in f32 over random ids."""
    theirs = DeepseekV3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(6, network.s.vocabulary, (2, 120), generator=generator)
    return float((theirs(ids).logits - rounded(network)(ids)).abs().max())


def export(cache: Path, checkpoint: str, out: Path) -> None:
    network = load_checkpoint(cache / checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(configuration(network.s), indent=2) + "\n")
    (out / "generation_config.json").write_text(json.dumps(generation(network.s), indent=2) + "\n")
    bpe.save(Tokenizer.from_file(str(cache / "tokenizer.json")), out, MAX_POSITIONS)
    weights = out / "model.safetensors"
    save_file(tensors(network), weights, metadata={"format": "pt"})
    weights.chmod(0o644)
    if weights.stat().st_size > LARGEST_FILE:
        raise SystemExit(f"{weights} is {weights.stat().st_size} bytes, more than {LARGEST_FILE}")
    difference = compare(out, network)
    print(f"{weights.stat().st_size} bytes; largest difference to transformers {difference:.2e}")
    if difference > 2e-3:
        raise SystemExit("transformers computes something else")


if __name__ == "__main__":
    from train import DEFAULT_CACHE

    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    arguments.add_argument("--checkpoint", default="last.pt")
    arguments.add_argument("--out", type=Path, required=True)
    given = arguments.parse_args()
    export(given.cache, given.checkpoint, given.out)
