"""Writes a random model with the shapes of Qwen3-30B-A3B, cut to a few layers and a small vocabulary.

    python Tools/model/make_random_qwen3_moe.py FOLDER [LAYERS]        (4 layers: 4.9 GB of bf16)

Hidden size 2048, 32 query and 4 key-value heads of 128, 128 experts of 768 of which a token uses 8: nothing
is scaled down but depth and vocabulary (320 tokens, the tokenizer of the toy fixtures). One file a layer
beside an index, names as published. It says nothing sensible; it shows that a model of this size loads and
steps without special cases.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import tokenizer as bpe

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"))
from make_toy_models import TEXT, VOCABULARY  # noqa: E402

HIDDEN, HEADS, KEY_VALUE_HEADS, HEAD, EXPERTS, INNER = 2048, 32, 4, 128, 128, 768
SCALE = 0.02


def configuration(layers: int) -> dict:
    return {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "attention_bias": False,
        "bos_token_id": 0, "eos_token_id": 1, "decoder_sparse_step": 1, "head_dim": HEAD,
        "hidden_act": "silu", "hidden_size": HIDDEN, "intermediate_size": 6144,
        "max_position_embeddings": 40960, "mlp_only_layers": [], "moe_intermediate_size": INNER,
        "norm_topk_prob": True, "num_attention_heads": HEADS, "num_experts": EXPERTS, "num_experts_per_tok": 8,
        "num_hidden_layers": layers, "num_key_value_heads": KEY_VALUE_HEADS,
        "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 1000000.0, "sliding_window": None,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "use_sliding_window": False,
        "vocab_size": VOCABULARY,
    }


def matrix(rows: int, columns: int) -> torch.Tensor:
    return (torch.randn(rows, columns) * SCALE).bfloat16()


def layer(index: int) -> dict[str, torch.Tensor]:
    prefix = f"model.layers.{index}."
    tensors = {
        "input_layernorm": torch.ones(HIDDEN), "post_attention_layernorm": torch.ones(HIDDEN),
        "self_attn.q_proj": matrix(HEADS * HEAD, HIDDEN),
        "self_attn.k_proj": matrix(KEY_VALUE_HEADS * HEAD, HIDDEN),
        "self_attn.v_proj": matrix(KEY_VALUE_HEADS * HEAD, HIDDEN),
        "self_attn.o_proj": matrix(HIDDEN, HEADS * HEAD), "self_attn.q_norm": torch.ones(HEAD),
        "self_attn.k_norm": torch.ones(HEAD), "mlp.gate": matrix(EXPERTS, HIDDEN),
    }
    for expert in range(EXPERTS):
        tensors[f"mlp.experts.{expert}.gate_proj"] = matrix(INNER, HIDDEN)
        tensors[f"mlp.experts.{expert}.up_proj"] = matrix(INNER, HIDDEN)
        tensors[f"mlp.experts.{expert}.down_proj"] = matrix(HIDDEN, INNER)
    return {f"{prefix}{name}.weight": tensor.bfloat16() for name, tensor in tensors.items()}


def main(folder: Path, layers: int) -> None:
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(configuration(layers), indent=1) + "\n")
    bpe.save(bpe.train(TEXT * 4, VOCABULARY), folder, 40960)
    ends = {
        "model.embed_tokens.weight": matrix(VOCABULARY, HIDDEN), "lm_head.weight": matrix(VOCABULARY, HIDDEN),
        "model.norm.weight": torch.ones(HIDDEN).bfloat16(),
    }
    places: dict[str, str] = {}
    total = 0
    for index in range(layers + 1):
        name = f"model-{index + 1:05}-of-{layers + 1:05}.safetensors"
        tensors = ends if index == layers else layer(index)
        save_file(tensors, folder / name)
        places |= dict.fromkeys(tensors, name)
        total += sum(tensor.nbytes for tensor in tensors.values())
    weight_map = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(weight_map) + "\n")
    print(f"{total / 1e9:.2f} GB in {layers + 1} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
