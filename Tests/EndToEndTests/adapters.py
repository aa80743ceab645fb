"""Asks a deployment for its adapters through OpenAI's own client, and compares with what PEFT computes.

Usage: adapters.py ENDPOINT MODEL FOLDER    (FOLDER: the deployment's folder of adapters, each with its golden.json)
"""

import json
import pathlib
import shutil
import sys

import openai

ENDPOINT, MODEL, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
# A retry would hide a failure.
CLIENT = openai.OpenAI(base_url=ENDPOINT + "/v1", api_key="unused", max_retries=0, timeout=30)
# Each name is asked for so often that both ranks have to answer for it.
TIMES = 6


def answers_as_peft(model, adapter):
    golden = json.loads((FOLDER / adapter / "golden.json").read_text())["prompts"][1]
    for turn in range(TIMES):
        answer = CLIENT.completions.create(
            model=model, prompt=golden["prompt"], max_tokens=16, temperature=0,
            extra_body={"ignore_eos": True, "return_token_ids": True},
            extra_headers={"X-data-parallel-rank": str(turn % 2)})
        assert answer.model == model, answer
        assert answer.choices[0].token_ids == golden["greedy"], (model, turn, answer.choices[0].token_ids)


def refuses(kind, word, ask):
    try:
        answer = ask()
    except kind as error:
        assert word in error.body["message"], error.body
    else:
        raise AssertionError(f"it was answered: {answer}")


assert [model.id for model in CLIENT.models.list()] == [MODEL, MODEL + ":all", MODEL + ":queries"]
answers_as_peft(MODEL + ":all", "all")
answers_as_peft("queries", "queries")
refuses(openai.NotFoundError, "later", lambda: CLIENT.completions.create(model=MODEL + ":later", prompt="a"))
refuses(openai.BadRequestError, "dynamic_lora_loading_path", lambda: CLIENT.post(
    "/load_lora_adapter", cast_to=object, body={"lora_name": "later", "lora_path": str(FOLDER / "all")}))
# The limit is two: one of the others makes room on each rank.
shutil.copytree(FOLDER / "all", FOLDER / "later")
answers_as_peft(MODEL + ":later", "all")
assert CLIENT.models.retrieve(MODEL + ":later").parent == MODEL
print("adapters are served")
