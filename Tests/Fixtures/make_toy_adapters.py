"""Makes Tests/Fixtures/<name>-toy/adapters/<adapter>: random LoRA adapters of the toy models, as PEFT saves them,
and what PEFT computes with them.

    python Tests/Fixtures/make_toy_adapters.py [MODEL ...]    (packages: Tools/model/requirements.txt; after make_toy_models.py)

golden.json         two prompts (8 and 40 tokens), 16 greedy tokens for each, the smallest margins seen
golden.safetensors  `<prompt>.logits` [tokens, vocabulary] of all of the prompt's positions

As in make_toy_models.py no decision in the goldens is a near tie.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass

import peft
import torch
import transformers
from peft.utils import transformers_weight_conversion
from safetensors.torch import save_file

from make_toy_models import FIRST_TEXT_ID, HERE, MARGIN, Recorder, greedy, safe_prompt

# PEFT takes `up_proj`, whatever stands before it, for the routed experts, which the engine refuses; here it is meant
# as it is written.
transformers_weight_conversion._convert_peft_config_moe = lambda config, model: None

LENGTHS = (8, 40)
NETWORK = ["gate_proj", "up_proj", "down_proj"]
GROUPED = ["q_proj", "k_proj", "v_proj", "o_proj"]
LATENT = ["kv_a_proj_with_mqa", "o_proj"]


@dataclass
class Adapter:
    model: str
    name: str
    modules: list[str]
    rank: int = 4
    alpha: float = 8
    stabilised: bool = False


ADAPTERS = [
    Adapter("deepseek-v3", "all", ["q_a_proj", "q_b_proj", *LATENT, *NETWORK]),
    Adapter("deepseek-v3", "queries", ["q_b_proj", "o_proj"], rank=2, alpha=3, stabilised=True),
    Adapter("deepseek-v2", "all", ["q_proj", *LATENT, *NETWORK]),
    Adapter("mixtral", "all", GROUPED),
    Adapter("qwen3-moe", "all", [*GROUPED, *NETWORK]),
]


def adapted(adapter: Adapter, seed: int) -> peft.PeftModel:
    base = transformers.AutoModelForCausalLM.from_pretrained(
        HERE / f"{adapter.model}-toy", dtype=torch.float32, attn_implementation="eager")
    modules = [
        name for name, module in base.named_modules()
        if isinstance(module, torch.nn.Linear) and name.split(".")[-1] in adapter.modules
    ]
    config = peft.LoraConfig(
        r=adapter.rank, lora_alpha=adapter.alpha, use_rslora=adapter.stabilised, target_modules=modules,
        task_type="CAUSAL_LM")
    model = peft.get_peft_model(base.eval(), config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            if "lora_" in name:
                tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator) / tensor.shape[-1] ** 0.5)
    return model


def attempt(adapter: Adapter, seed: int):
    """(model, prompts) of this seed, or None when a decision is a near tie or an eos appears."""
    model = adapted(adapter, seed)
    base = model.base_model.model
    recorder = Recorder(base, everything=False)
    generator = torch.Generator().manual_seed(seed + 1_000_000)
    prompts = []
    for length in LENGTHS:
        prompt = safe_prompt(base, recorder, length, generator)
        tokens, argmax_margin, routing_margin = greedy(base, recorder, prompt)
        if min(argmax_margin, routing_margin) <= MARGIN or min(tokens) < FIRST_TEXT_ID:
            return None
        prompts.append({
            "name": f"p{length}", "prompt": prompt, "greedy": tokens,
            "argmaxMargin": argmax_margin, "routingMargin": routing_margin,
        })
    return model, prompts


def write(adapter: Adapter, seed: int, model: peft.PeftModel, prompts: list[dict]) -> None:
    folder = HERE / f"{adapter.model}-toy" / "adapters" / adapter.name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    settings = json.loads((folder / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = f"{adapter.model}-toy"
    settings["target_modules"] = sorted(settings["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    with torch.no_grad():
        logits = {
            f"{prompt['name']}.logits": model(torch.tensor([prompt["prompt"]])).logits[0].contiguous()
            for prompt in prompts
        }
    save_file(logits, folder / "golden.safetensors")
    golden = {"seed": seed, "margin": MARGIN, "prompts": prompts}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")


def make(adapter: Adapter) -> None:
    for seed in range(1000):
        if found := attempt(adapter, seed):
            write(adapter, seed, *found)
            print(f"{adapter.model} {adapter.name}: seed {seed}", flush=True)
            return
    sys.exit(f"{adapter.model} {adapter.name}: no seed without near ties")


if __name__ == "__main__":
    for wanted in ADAPTERS:
        if wanted.model in (sys.argv[1:] or wanted.model):
            make(wanted)
