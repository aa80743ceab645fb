#!/usr/bin/env python3
"""Measures transformers on a model in bf16, two threads: `STEP kind=… batch=… mean_tokens_per_s=…` lines.

    transformers_peer.py MODEL BATCH…

Prompts of 128 tokens and 32 decode steps with the KV cache, as compare_peers.py asks of the others. Of the ways in which
transformers can run experts, the one named here was the fastest on a CPU.
"""
import sys
import time

import torch
import transformers

folder, batches = sys.argv[1], [int(word) for word in sys.argv[2:]]
torch.set_num_threads(2)
transformers.utils.logging.set_verbosity_error()
model = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.bfloat16, experts_implementation="grouped_mm")
model.eval()
vocabulary = model.config.vocab_size


def prompts(batch):
    return torch.tensor([[(i * 37 + 11 + row * 97) % vocabulary for i in range(128)] for row in range(batch)])


@torch.inference_mode()
def run(batch):
    start = time.monotonic()
    state = model(prompts(batch), use_cache=True, logits_to_keep=1)
    prefilled = time.monotonic()
    for _ in range(32):
        token = state.logits[:, -1:].argmax(-1)
        state = model(token, past_key_values=state.past_key_values, use_cache=True)
    return batch * 128 / (prefilled - start), batch * 32 / (time.monotonic() - prefilled)


run(1)
for batch in batches:
    prefill, decode = run(batch)
    print(f"STEP kind=prefill batch={batch} mean_tokens_per_s={prefill:.1f}")
    print(f"STEP kind=decode batch={batch} mean_tokens_per_s={decode:.1f}", flush=True)
