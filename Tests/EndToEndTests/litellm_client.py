"""Uses a deployment through LiteLLM, as a vLLM server and as an OpenAI-like one, and fails where an answer or the
exception of an error is not what LiteLLM's users expect.

Usage: litellm_client.py ENDPOINT MODEL
"""

import os
import sys

# The table of prices would be fetched from the internet.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

ENDPOINT, MODEL = sys.argv[1:]
litellm.suppress_debug_info = True
litellm.num_retries = 0


def settings(provider, **changes):
    return {
        "model": f"{provider}/{MODEL}",
        "api_base": ENDPOINT + "/v1",
        "api_key": "unused",
        "messages": [{"role": "user", "content": "What is TTFT?"}],
        "max_tokens": 12,
        "temperature": 0,
        "timeout": 30,
        "max_retries": 0,
        **changes,
    }


def answers_whole_and_streams_the_same(provider):
    answer = litellm.completion(**settings(provider))
    text = answer.choices[0].message.content
    assert text.strip() and answer.choices[0].finish_reason == "length", answer
    assert answer.usage.completion_tokens == 12, answer.usage
    chunks = list(litellm.completion(**settings(provider, stream=True, stream_options={"include_usage": True})))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text, chunks
    usages = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
    assert usages and usages[-1].completion_tokens == 12, chunks
    assert sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks) > 1, "one piece"


def completes_a_text(provider):
    asked = {**settings(provider), "prompt": "A wave is"}
    del asked["messages"]
    answer = litellm.text_completion(**asked)
    assert answer.choices[0].text and answer.usage.completion_tokens <= 12, answer


def refuses(kind, provider, **changes):
    try:
        answer = litellm.completion(**settings(provider, **changes))
    except kind:
        return
    raise AssertionError(f"{changes.keys()} was answered: {answer}")


for name in ("hosted_vllm", "openai"):
    answers_whole_and_streams_the_same(name)
    refuses(litellm.NotFoundError, name, model=f"{name}/gpt-99")
    refuses(litellm.BadRequestError, name, max_tokens=-1)
    refuses(litellm.ContextWindowExceededError, name, messages=[{"role": "user", "content": "wave " * 5000}])
    refuses(litellm.BadRequestError, name, stream=True, max_tokens=-1)
completes_a_text("text-completion-openai")
print("LiteLLM is served")
