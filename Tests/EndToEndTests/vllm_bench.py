"""Sends what `vllm bench serve` sends, and reads the answers as strictly as it does: its `openai` and `openai-chat`
backends (vllm/benchmarks/lib/endpoint_request_func.py, 0.32).

Usage: vllm_bench.py ENDPOINT MODEL
"""

import http.client
import json
import sys
import threading
import urllib.parse

ENDPOINT, MODEL = sys.argv[1:]
PROMPT = "What is a wave?"
REQUESTS = 16


def completion(number):
    return "/v1/completions", {
        "model": MODEL, "prompt": PROMPT, "repetition_penalty": 1.0, "max_tokens": 8 + number % 8, "logprobs": None,
        "stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True, "temperature": 0.0,
    }


def chat(number):
    return "/v1/chat/completions", {
        "model": MODEL, "messages": [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
        "max_completion_tokens": 8 + number % 8, "stream": True, "stream_options": {"include_usage": True},
        "ignore_eos": True, "temperature": 0.0,
    }


def messages(answer):
    """The messages of a stream, cut at blank lines as vLLM's StreamedResponseHandler cuts them."""
    kept = ""
    while piece := answer.read1(65536):
        kept += piece.decode()
        while "\n\n" in kept:
            message, kept = kept.split("\n\n", 1)
            if message := message.strip():
                yield message
    assert not kept.strip(), f"the stream ends within {kept!r}"


def text_of(choice):
    return choice["delta"].get("content") if "delta" in choice else choice.get("text")


def measure(path, body, number):
    """Text, pieces and usage, as the benchmark takes them from the stream of one request."""
    address = urllib.parse.urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request("POST", path, json.dumps(body), {
        "Content-Type": "application/json", "Authorization": "Bearer None", "x-request-id": f"bench-{number}"})
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read())
    text, pieces, usage, done = "", 0, None, False
    for message in messages(answer):
        if message.startswith(":"):
            continue
        assert message.startswith("data: "), message
        chunk = message.removeprefix("data: ")
        if chunk == "[DONE]":
            done = True
            continue
        data = json.loads(chunk)
        # The benchmark reads one or the other, never both.
        if choices := data.get("choices"):
            text += text_of(choices[0]) or ""
            pieces += 1
        elif data.get("usage"):
            usage = data["usage"]
    connection.close()
    assert done and pieces and usage, (done, pieces, usage)
    return text, usage


def check(make, failures, number):
    try:
        path, body = make(number)
        text, usage = measure(path, body, number)
        wanted = body.get("max_tokens") or body["max_completion_tokens"]
        assert text and usage["completion_tokens"] == wanted, (usage, wanted)
        assert usage["prompt_tokens"] > 0, usage
    except BaseException as error:
        failures.append(repr(error))


def is_ready():
    """The benchmark waits for the endpoint to answer one request, and asks for the list of models."""
    address = urllib.parse.urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request("GET", "/v1/models")
    models = json.load(connection.getresponse())["data"]
    assert models[0]["id"] == MODEL and "root" in models[0], models


is_ready()
for make in (completion, chat):
    failures = []
    threads = [threading.Thread(target=check, args=(make, failures, number)) for number in range(REQUESTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
print("vllm bench serve is served")
