"""Records transformers' greedy answers of the bundled model; run it again whenever its weights change.

    python Tests/Fixtures/make_operator_moe_goldens.py      (packages: Tools/model/requirements.txt)

operator-moe/greedy.json, computed in f32 on the bf16 weights, as an f32 engine does:
    sha256    of models/operator-moe/model.safetensors
    prompts   20 of: messages or text, promptIds, outputIds (with the end token where finish is "stop"; no text
              prompt stops early), text, finish, margins (per step, the best logit minus the second best),
              routingMargin (smallest gap by which an expert or a group was chosen on the way)
Prompts whose smallest margin is 1e-3 or less, or whose routing is a near tie, are left out.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "Tools" / "model")]
from evaluate import Speaker  # noqa: E402
from make_toy_models import Recorder  # noqa: E402

MODEL = HERE.parent.parent / "models" / "operator-moe"
OUT = HERE / "operator-moe" / "greedy.json"
WANTED, MOST_TOKENS = 20, 48
ARGMAX_MARGIN, ROUTING_MARGIN = 1e-3, 2e-5

QUESTIONS = [
    "What is TTFT?", "what does dp_size_per_node do", "Explain a dummy step.", "Who are you?", "What is 3 + 4?",
    "Count from 2 to 8.", "Repeat: green river", "How do I drain a rank?", "What is the capital of France?",
    "What is EPLB?", "my throughput is too low", "What is a wave?", "How is TPOT different?", "hello",
    "Why is my deployment stuck in UPDATING?", "what is MLA", "Which policy is the default?", "What is a KV block?",
    "What does max_num_seqs limit?", "Tell me about the ingress.", "What is dual batch overlap?", "bye",
]
CONVERSATIONS = [
    [("user", "What is a rank?"), ("assistant", "A rank is one engine process of a data-parallel group, with its own "
      "requests and KV cache."), ("user", "And an epoch?")],
    [("system", "Be brief."), ("user", "what is prefill")],
    [("user", "Hi"), ("assistant", "Hello! What would you like to know about your deployment?"),
     ("user", "How do I delete an application?")],
]
TEXTS = [
    "In the beginning", "And the king said unto", "The hacker", "And it came to pass in those days, that",
    "LOVE, n. ", "When a program is", "Behold, the man",
    "And he said unto them, Go ye into the city. " * 24,
]


@torch.no_grad()
def continuation(speaker: Speaker, recorder: Recorder, ids: list[int], most: int, stops: bool) -> dict:
    made, margins, routing, end = list(ids), [], float("inf"), speaker.tokenizer.eos_token_id
    while len(made) - len(ids) < most:
        best = speaker.model(torch.tensor([made])).logits[0, -1].topk(2)
        routing = min(routing, float(recorder.routing_margins().min()))
        margins.append(round(float(best.values[0] - best.values[1]), 5))
        made.append(int(best.indices[0]))
        if stops and made[-1] == end:
            break
    output = made[len(ids) :]
    return {
        "promptIds": ids, "outputIds": output,
        "text": speaker.tokenizer.decode(output, skip_special_tokens=True),
        "finish": "stop" if stops and output[-1] == end else "length",
        "margins": margins, "routingMargin": routing,
    }


def candidates(speaker: Speaker):
    """(description, prompt ids, stops at eos); conversations and texts alternate with questions."""
    chats = [[("user", question)] for question in QUESTIONS]
    for chat in CONVERSATIONS + chats[:12]:
        messages = [{"role": role, "content": content} for role, content in chat]
        text = speaker.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        yield {"messages": messages}, speaker.tokenizer(text, add_special_tokens=False)["input_ids"], True
    for text in TEXTS:
        yield {"prompt": text}, speaker.tokenizer(text, add_special_tokens=False)["input_ids"], False
    for chat in chats[12:]:
        messages = [{"role": role, "content": content} for role, content in chat]
        text = speaker.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        yield {"messages": messages}, speaker.tokenizer(text, add_special_tokens=False)["input_ids"], True


def main() -> None:
    speaker = Speaker(MODEL)
    speaker.model.set_attn_implementation("eager")
    recorder = Recorder(speaker.model, everything=False)
    kept = []
    for description, ids, stops in candidates(speaker):
        if len(kept) == WANTED:
            break
        made = continuation(speaker, recorder, ids, MOST_TOKENS, stops)
        if min(made["margins"]) <= ARGMAX_MARGIN or made["routingMargin"] <= ROUTING_MARGIN:
            print(f"left out: {description} ({min(made['margins'])}, {made['routingMargin']:.1e})")
            continue
        if stops and speaker.greedy(ids, MOST_TOKENS) != made["outputIds"]:
            raise SystemExit(f"generate() says something else for {description}")
        kept.append(description | made)
        print(description, "->", made["text"])
    if len(kept) < WANTED:
        raise SystemExit(f"only {len(kept)} prompts without near ties")
    digest = hashlib.sha256((MODEL / "model.safetensors").read_bytes()).hexdigest()
    OUT.parent.mkdir(exist_ok=True)
    rows = ",\n".join(json.dumps(k) for k in kept)
    OUT.write_text(f'{{"sha256": "{digest}",\n"prompts": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
