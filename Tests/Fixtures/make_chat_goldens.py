"""What transformers renders with the templates of Tests/Fixtures/chat-templates.

    python Tests/Fixtures/make_chat_goldens.py        (packages: Tools/model/requirements.txt)

chat-templates/golden.json   [{template, variables, text}], or {template, variables, raised} for a refusal
"""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
from make_tokenizer_goldens import CONVERSATIONS
from transformers.utils.chat_template_utils import render_jinja_template

FOLDER = Path(__file__).resolve().parent / "chat-templates"

CALL = {"type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Köln\"}"}}
CALL_OBJECT = {"type": "function", "function": {
    "name": "add", "arguments": {"a": 1, "b": [2.5, None, True, "\"é\n"]}}}
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {
    "a": {"type": "integer"}, "b": {"type": "array", "items": {}}}, "required": ["a"]}}}]
PLAIN = [[{"role": role, "content": content} for role, content in turns] for turns in CONVERSATIONS]
THOUGHT = [
    {"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\n2"},
    {"role": "user", "content": "and 2+2?"}, {"role": "assistant", "content": "<think>\nso\n</think>\n\n4"},
]
TOOL_TURNS = [
    {"role": "system", "content": "Help."}, {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL, CALL]}, {"role": "tool", "content": "sun"},
    {"role": "tool", "content": "rain"}, {"role": "assistant", "content": "Both."},
    {"role": "user", "content": "Ha."},
]
REASONED = [
    {"role": "user", "content": "x"},
    {"role": "assistant", "content": "y", "reasoning_content": "\nbecause\n", "tool_calls": [CALL_OBJECT]},
    {"role": "tool", "content": "3"},
]
UNFIT = [{"role": "assistant", "content": "first"}, {"role": "user", "content": "second"}]
ODD = [{"role": "user", "content": "a"}, {"role": "critic", "content": "b"}]
EXTRA = {
    "deepseek-v3": [(THOUGHT, {}), (TOOL_TURNS, {}), (TOOL_TURNS[:5], {}), (PLAIN[1] + PLAIN[1], {})],
    "qwen3": [
        (THOUGHT, {}), (TOOL_TURNS, {"tools": TOOLS}), (REASONED, {"tools": TOOLS}), (REASONED, {}),
        (PLAIN[0], {"enable_thinking": False}), (PLAIN[0], {"enable_thinking": True})],
    "mixtral": [(UNFIT, {}), (ODD, {}), (PLAIN[1] + PLAIN[2], {})],
}


def render(source: str, variables: dict) -> dict:
    given = dict(variables)
    messages, generation = given.pop("messages"), given.pop("add_generation_prompt")
    try:
        rendered, _ = render_jinja_template(
            conversations=[messages], chat_template=source, add_generation_prompt=generation, **given)
    except jinja2.exceptions.TemplateError as error:
        return {"raised": str(error)}
    return {"text": rendered[0]}


def main() -> None:
    cases = []
    for name, extra in EXTRA.items():
        source = (FOLDER / f"{name}.jinja").read_text()
        for messages, more in [(messages, {}) for messages in PLAIN] + extra:
            for generation in (True, False):
                variables = {
                    "messages": messages, "add_generation_prompt": generation, "bos_token": "<s>",
                    "eos_token": "</s>",
                } | more
                cases.append({"template": name, "variables": variables} | render(source, variables))
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (FOLDER / "golden.json").write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases,", sum("raised" in case for case in cases), "refusals")


if __name__ == "__main__":
    main()
