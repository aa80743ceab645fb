"""Uses a deployment through OpenAI's own client, as any of its users would, and fails where an answer is not OpenAI's.

Usage: client.py ENDPOINT MODEL [CERTIFICATE]

With a certificate the endpoint is one of TLS, and that certificate alone is trusted.
"""

import http.client
import json
import ssl
import sys
import urllib.parse

import openai

ENDPOINT, MODEL, *CERTIFICATE = sys.argv[1:]
TRUST = ssl.create_default_context(cafile=CERTIFICATE[0]) if CERTIFICATE else None
# A retry would hide a failure.
CLIENT = openai.OpenAI(
    base_url=ENDPOINT + "/v1",
    api_key="unused",
    max_retries=0,
    timeout=30,
    http_client=openai.DefaultHttpxClient(verify=TRUST) if TRUST else None,
)
QUESTION = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "What is TTFT?"}],
    "max_tokens": 12,
    "temperature": 0,
}


def lists_the_model():
    assert [model.id for model in CLIENT.models.list()] == [MODEL]
    assert CLIENT.models.retrieve(MODEL).id == MODEL


def answers_whole():
    answer = CLIENT.chat.completions.create(**QUESTION)
    (choice,) = answer.choices
    assert choice.message.role == "assistant" and choice.message.content.strip(), choice
    assert choice.finish_reason == "length", choice
    assert answer.model == MODEL and answer.usage.completion_tokens == 12, answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 12, answer.usage
    return choice.message.content, answer.usage


def streams_the_same(text, usage):
    chunks = list(CLIENT.chat.completions.create(**QUESTION, stream=True, stream_options={"include_usage": True}))
    assert len({chunk.id for chunk in chunks}) == 1, chunks
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == text, choices
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["length"], choices
    assert sum(bool(choice.delta.content) for choice in choices) > 1, "the answer came in one piece"
    last = chunks[-1].usage
    assert (last.prompt_tokens, last.completion_tokens) == (usage.prompt_tokens, usage.completion_tokens), last


def completes_a_text():
    answer = CLIENT.completions.create(model=MODEL, prompt="A wave is", max_tokens=4, temperature=0)
    assert answer.choices[0].text and answer.usage.completion_tokens <= 4, answer


def refuses(kind, word, **changes):
    try:
        answer = CLIENT.chat.completions.create(**{**QUESTION, **changes})
    except kind as error:
        assert word in error.body["message"], error.body
    else:
        raise AssertionError(f"{changes.keys()} was answered: {answer}")


def post(body):
    """Posts bytes as they are; the status, the answer's type and its body."""
    address = urllib.parse.urlsplit(ENDPOINT)
    place = {"host": address.hostname, "port": address.port, "timeout": 30}
    connection = (
        http.client.HTTPSConnection(**place, context=TRUST) if TRUST else http.client.HTTPConnection(**place)
    )
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    result = answer.status, answer.getheader("Content-Type"), answer.read().decode()
    connection.close()
    return result


def ends_a_stream_with_done():
    status, kind, text = post(json.dumps({**QUESTION, "stream": True}))
    assert status == 200 and kind.startswith("text/event-stream"), (status, kind)
    events = [part for part in text.split("\n\n") if part]
    assert events[-1] == "data: [DONE]", events[-1]
    # What the ranks tell the ingress beside the answer is no business of the client's.
    assert all(event.startswith("data: ") and "\n" not in event for event in events), events


def calls_bad_json_bad():
    status, kind, text = post('{"model": "' + MODEL + '", "messages": [')
    assert status == 400 and kind.startswith("application/json"), (status, kind, text)
    assert json.loads(text)["error"]["message"], text


lists_the_model()
streams_the_same(*answers_whole())
completes_a_text()
ends_a_stream_with_done()
refuses(openai.NotFoundError, "gpt-99", model="gpt-99")
refuses(openai.BadRequestError, "max_tokens", max_tokens=-1)
refuses(openai.BadRequestError, "4096", messages=[{"role": "user", "content": "wave " * 5000}])
calls_bad_json_bad()
print("OpenAI's client is served")
