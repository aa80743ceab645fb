#!/usr/bin/env python3
"""Makes the benchmark model ds-196m: a DeepSeek-V3 of 196 million random parameters.

    make_ds_196m.py FOLDER [--gguf FILE]

FOLDER gets config.json, model.safetensors (bf16) and the bundled model's tokenizer with made-up words up to the size of
the vocabulary, as Hugging Face lays them out; the GGUF file holds the same
numbers as llama.cpp wants them. Matrices are N(0, 0.04), norms 1, the routers' bias N(0, 0.02), from one seed. The
text of such a model means nothing: it is for speed only. Needs numpy, and gguf for the second.
"""
import argparse
import json
import os
import shutil
import struct

import numpy as np

CONFIG = {
    "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "dtype": "bfloat16",
    "vocab_size": 8192, "hidden_size": 512, "num_hidden_layers": 8, "first_k_dense_replace": 1,
    "intermediate_size": 1536, "num_attention_heads": 8, "num_key_value_heads": 8, "q_lora_rank": 256,
    "kv_lora_rank": 128, "qk_nope_head_dim": 64, "qk_rope_head_dim": 32, "v_head_dim": 64,
    "n_routed_experts": 64, "num_experts_per_tok": 6, "n_group": 8, "topk_group": 4, "n_shared_experts": 1,
    "moe_intermediate_size": 256, "routed_scaling_factor": 2.5, "norm_topk_prob": True, "rope_theta": 10000.0,
    "max_position_embeddings": 4096, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 1,
    "rms_norm_eps": 1e-6, "hidden_act": "silu", "scoring_func": "sigmoid", "topk_method": "noaux_tc",
    "rope_interleave": True,
}


def tensors(c):
    """Name and shape of every tensor, in the order of the file."""
    hidden, heads = c["hidden_size"], c["num_attention_heads"]
    nope, rope, value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
    q, kv = c["q_lora_rank"], c["kv_lora_rank"]

    def network(prefix, width):
        yield prefix + ".gate_proj.weight", (width, hidden)
        yield prefix + ".up_proj.weight", (width, hidden)
        yield prefix + ".down_proj.weight", (hidden, width)

    yield "model.embed_tokens.weight", (c["vocab_size"], hidden)
    for layer in range(c["num_hidden_layers"]):
        p = f"model.layers.{layer}"
        yield p + ".input_layernorm.weight", (hidden,)
        yield p + ".self_attn.q_a_proj.weight", (q, hidden)
        yield p + ".self_attn.q_a_layernorm.weight", (q,)
        yield p + ".self_attn.q_b_proj.weight", (heads * (nope + rope), q)
        yield p + ".self_attn.kv_a_proj_with_mqa.weight", (kv + rope, hidden)
        yield p + ".self_attn.kv_a_layernorm.weight", (kv,)
        yield p + ".self_attn.kv_b_proj.weight", (heads * (nope + value), kv)
        yield p + ".self_attn.o_proj.weight", (hidden, heads * value)
        yield p + ".post_attention_layernorm.weight", (hidden,)
        if layer < c["first_k_dense_replace"]:
            yield from network(p + ".mlp", c["intermediate_size"])
            continue
        yield p + ".mlp.gate.weight", (c["n_routed_experts"], hidden)
        yield p + ".mlp.gate.e_score_correction_bias", (c["n_routed_experts"],)
        for expert in range(c["n_routed_experts"]):
            yield from network(f"{p}.mlp.experts.{expert}", c["moe_intermediate_size"])
        yield from network(p + ".mlp.shared_experts", c["moe_intermediate_size"] * c["n_shared_experts"])
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (c["vocab_size"], hidden)


def to_bf16(values):
    """The bits of f32 numbers rounded to bf16, ties to even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def weights(c):
    """Every tensor as (name, array): bf16 bits as uint16, or f32."""
    random = np.random.default_rng(0)
    for name, shape in tensors(c):
        if name.endswith("correction_bias"):
            yield name, (random.standard_normal(shape, np.float32) * np.float32(0.02))
        elif len(shape) == 1:
            yield name, to_bf16(np.ones(shape, np.float32))
        else:
            yield name, to_bf16(random.standard_normal(shape, np.float32) * np.float32(0.04))


def write_safetensors(path, named):
    header, offset, arrays = {}, 0, []
    for name, array in named:
        kind = "BF16" if array.dtype == np.uint16 else "F32"
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64)
    with open(path + ".tmp", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays:
            array.tofile(file)
    os.rename(path + ".tmp", path)


def write_gguf(path, c, named):
    import gguf

    named = dict(named)
    w = gguf.GGUFWriter(path, "deepseek2")
    a = "deepseek2."
    for key, value in {
        "block_count": c["num_hidden_layers"], "context_length": c["max_position_embeddings"],
        "embedding_length": c["hidden_size"], "feed_forward_length": c["intermediate_size"],
        "vocab_size": c["vocab_size"], "attention.head_count": c["num_attention_heads"],
        "attention.head_count_kv": 1, "attention.q_lora_rank": c["q_lora_rank"],
        "attention.kv_lora_rank": c["kv_lora_rank"],
        "attention.key_length": c["kv_lora_rank"] + c["qk_rope_head_dim"],
        "attention.value_length": c["kv_lora_rank"],
        "attention.key_length_mla": c["qk_nope_head_dim"] + c["qk_rope_head_dim"],
        "attention.value_length_mla": c["v_head_dim"], "rope.dimension_count": c["qk_rope_head_dim"],
        "leading_dense_block_count": c["first_k_dense_replace"], "expert_count": c["n_routed_experts"],
        "expert_used_count": c["num_experts_per_tok"], "expert_shared_count": c["n_shared_experts"],
        "expert_feed_forward_length": c["moe_intermediate_size"], "expert_gating_func": 2,
        "expert_group_count": c["n_group"], "expert_group_used_count": c["topk_group"],
    }.items():
        w.add_uint32(a + key, value)
    w.add_float32(a + "attention.layer_norm_rms_epsilon", c["rms_norm_eps"])
    w.add_float32(a + "rope.freq_base", c["rope_theta"])
    w.add_float32(a + "expert_weights_scale", c["routed_scaling_factor"])
    w.add_bool(a + "expert_weights_norm", c["norm_topk_prob"])
    # Made-up words: the benchmarks of llama.cpp draw token ids.
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(["<bos>", "<eos>"] + [f"w{index}" for index in range(2, c["vocab_size"])])
    w.add_token_types([3, 3] + [1] * (c["vocab_size"] - 2))
    w.add_token_merges(["w 2"])
    w.add_bos_token_id(0)
    w.add_eos_token_id(1)

    def add(name, array):
        if array.dtype == np.uint16 and array.ndim == 1:
            array = (array.astype(np.uint32) << 16).view(np.float32)
        if array.dtype == np.float32:
            w.add_tensor(name, np.ascontiguousarray(array))
        else:
            w.add_tensor(
                name, np.ascontiguousarray(array).view(np.uint8), raw_dtype=gguf.GGMLQuantizationType.BF16)

    def router(array):
        # The converter keeps the router in f32.
        return (array.astype(np.uint32) << 16).view(np.float32)

    add("token_embd.weight", named["model.embed_tokens.weight"])
    for layer in range(c["num_hidden_layers"]):
        p, b = f"model.layers.{layer}.", f"blk.{layer}."
        for ours, theirs in {
            "input_layernorm": "attn_norm", "self_attn.q_a_proj": "attn_q_a",
            "self_attn.q_a_layernorm": "attn_q_a_norm", "self_attn.q_b_proj": "attn_q_b",
            "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa", "self_attn.kv_a_layernorm": "attn_kv_a_norm",
            "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        }.items():
            add(f"{b}{theirs}.weight", named[f"{p}{ours}.weight"])
        up = named[p + "self_attn.kv_b_proj.weight"].reshape(
            c["num_attention_heads"], c["qk_nope_head_dim"] + c["v_head_dim"], c["kv_lora_rank"])
        add(b + "attn_k_b.weight", up[:, :c["qk_nope_head_dim"]].transpose(0, 2, 1))
        add(b + "attn_v_b.weight", up[:, c["qk_nope_head_dim"]:])
        if layer < c["first_k_dense_replace"]:
            for part in ["gate", "up", "down"]:
                add(f"{b}ffn_{part}.weight", named[f"{p}mlp.{part}_proj.weight"])
            continue
        add(b + "ffn_gate_inp.weight", router(named[p + "mlp.gate.weight"]))
        add(b + "exp_probs_b.bias", named[p + "mlp.gate.e_score_correction_bias"])
        for part in ["gate", "up", "down"]:
            experts = [named[f"{p}mlp.experts.{e}.{part}_proj.weight"] for e in range(c["n_routed_experts"])]
            add(f"{b}ffn_{part}_exps.weight", np.stack(experts))
            add(f"{b}ffn_{part}_shexp.weight", named[f"{p}mlp.shared_experts.{part}_proj.weight"])
    add("output_norm.weight", named["model.norm.weight"])
    add("output.weight", named["lm_head.weight"])
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_tokenizer(folder):
    """The bundled model's tokenizer; ids that it does not have become words, so that any answer is text."""
    bundled = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models", "operator-moe")
    with open(os.path.join(bundled, "tokenizer.json")) as file:
        tokenizer = json.load(file)
    words = tokenizer["model"]["vocab"]
    for index in range(len(words), CONFIG["vocab_size"]):
        words[f"\u0120w{index}"] = index
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        json.dump(tokenizer, file)
    shutil.copy(os.path.join(bundled, "tokenizer_config.json"), folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--gguf")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    write_safetensors(options.folder + "/model.safetensors", weights(CONFIG))
    write_tokenizer(options.folder)
    if options.gguf:
        write_gguf(options.gguf, CONFIG, weights(CONFIG))
    # Last: a folder with a config.json is a whole model.
    with open(options.folder + "/config.json", "w") as file:
        json.dump(CONFIG, file, indent=1)


if __name__ == "__main__":
    main()
