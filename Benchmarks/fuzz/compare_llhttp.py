"""Gives the same generated requests to our HTTP parser and to llhttp (strict, as Node.js runs it), and sorts what they
make of them. Usage: compare_llhttp.py PROGRAM_OF_HTTPVerdicts COUNT
"""

import collections
import random
import re
import subprocess
import sys

import llhttp

PROGRAM, COUNT = sys.argv[1], int(sys.argv[2])
RANDOM = random.Random(7)
CHOOSE = RANDOM.choice
METHODS = [b"GET", b"POST", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH"]
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"


def chunked(body):
    text, position = b"", 0
    while position < len(body):
        size = RANDOM.randint(1, 9)
        piece = body[position:position + size]
        text += b"%x" % len(piece) + CHOOSE([b"", b"", b"", b";a=b", b";a"]) + b"\r\n" + piece + b"\r\n"
        position += size
    return text + b"0\r\n" + CHOOSE([b"", b"", b"T: 1\r\n"]) + b"\r\n"


def right():
    """A request that everybody should read alike."""
    method = CHOOSE(METHODS)
    body = bytes(RANDOM.randrange(97, 123) for _ in range(RANDOM.randint(0, 30)))
    fields = [b"Host: a"] + [
        CHOOSE([b"Accept: */*", b"X-A: b c", b"X-Empty:", b"User-Agent:\tx ", b"Cookie: a=b; c=d", b"X-\xc3: y"[:3] + b": y"])
        for _ in range(RANDOM.randint(0, 4))]
    if method in (b"POST", b"PUT", b"PATCH"):
        if RANDOM.random() < 0.5:
            fields.append(b"Content-Length: %d" % len(body))
        else:
            fields.append(b"Transfer-Encoding: " + CHOOSE([b"chunked", b"Chunked"]))
            body = chunked(body)
    else:
        body = b""
    RANDOM.shuffle(fields)
    target = CHOOSE([b"/", b"/v1/models", b"/a?b=c", b"/%41", b"http://h/x"])
    return method + b" " + target + b" HTTP/1.1\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


def replaced(old, *new):
    return lambda text: text.replace(old, CHOOSE(new), 1)


def inserted(*fields):
    return lambda text: text.replace(b"\r\n", b"\r\n" + CHOOSE(fields) + b"\r\n", 1)


def flipped(text):
    place = RANDOM.randrange(len(text))
    return text[:place] + bytes([RANDOM.randrange(256)]) + text[place + 1:]


def without_byte(text):
    place = RANDOM.randrange(len(text))
    return text[:place] + text[place + 1:]


def with_byte(text):
    place = RANDOM.randrange(len(text))
    return text[:place] + CHOOSE([b"\r", b"\n", b" ", b"\t", b":", b"\0", b"0", b";", b"\x80", b"\x7f"]) + text[place:]


CHANGES = [
    lambda text: text, lambda text: text, flipped, flipped, without_byte, with_byte, with_byte,
    lambda text: text[:RANDOM.randrange(len(text))],
    lambda text: CHOOSE([b"\r\n", b"\n", b"\r\n\r\n"]) + text,
    replaced(b"\r\n", b"\n", b"\r"), replaced(b": ", b" : ", b":", b":  ", b":\t", b""),
    replaced(b"\r\nHost", b"\r\n Host", b"\r\n\tHost"), replaced(b"Host: a", b"X: y", b"Host: a\r\nHost: a"),
    replaced(b" HTTP/1.1", b" HTTP/1.0", b" HTTP/1.2", b" HTTP/2.0", b" HTTP/0.9", b"", b" http/1.1", b"  HTTP/1.1"),
    replaced(b"GET", b"get", b"BREW", b"G T", b"PURGE", b"CONNECT"),
    replaced(b" /", b" ", b" *", b" a:80", b" /\xc3\xa4", b" /a b", b" \t/", b" /#x"),
    inserted(b"Content-Length: 3", b"Content-Length: +3", b"Content-Length: 3, 3", b"Content-Length: 0x3",
             b"Content-Length: ", b"Content-Length: 99999999999999999999", b"Content-Length: 3 "),
    inserted(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity",
             b"Transfer-Encoding: chunked, gzip", b"Transfer-Encoding:\tchunked ", b"Transfer-Encoding: xchunked"),
    inserted(b"X\x00: a", b"X: a\x00b", b"X: \x01", b": x", b"X", b"X(: a", b"X: \x80", b"X: a\x7f", b"Expect: 100-continue"),
    inserted(b"Connection: upgrade\r\nUpgrade: h2c", b"Connection: close"),
    replaced(b"\r\n0\r\n", b"\r\n00\r\n", b"\r\n0;x\r\n", b"\r\n0 \r\n", b"\r\n-0\r\n", b"\r\n0x0\r\n",
             b"\r\n0\n", b"\r\ng\r\n", b"\r\n0\r\nX y\r\n", b"\r\n0;\r\n", b"\r\n0; a=\"b\"\r\n"),
]


def generated():
    text = right()
    for _ in range(CHOOSE([1, 1, 1, 2])):
        if text:
            text = CHOOSE(CHANGES)(text)
    return text


class Reader(llhttp.Request):
    """What llhttp makes of bytes: one message, and no more."""

    def on_message_begin(self):
        self.url, self.content, self.isWhole = b"", b"", False

    def on_url(self, data):
        self.url += data

    def on_body(self, data):
        self.content += data

    def on_message_complete(self):
        self.isWhole = True
        self.told = (self.method, self.url, self.content)
        self.pause()


def theirs(text):
    reader = Reader()
    reader.isWhole = False
    try:
        reader.execute(text)
    except llhttp.Error as error:
        if not reader.isWhole:
            return ("refused", type(error).__name__)
    except Exception as error:  # pause() comes back as an exception of its own
        if not reader.isWhole:
            return ("refused", type(error).__name__)
    return ("whole", reader.told) if reader.isWhole else ("unfinished", "")


def ours(texts):
    feed = b"".join(b"%d\n" % len(text) + text for text in texts)
    said = subprocess.run([PROGRAM], input=feed, capture_output=True, check=True, timeout=600).stdout
    return said.decode("utf-8", "replace").splitlines()


HEAD = re.compile(rb"(?s)\A(?P<head>.*?)(?:\r\n\r\n|\n\r?\n|\Z)")


def reason(text, us, them):
    """The class of a difference: what it is about the bytes that the two take differently."""
    head = HEAD.match(text)["head"]
    line, _, fields = head.partition(b"\n")
    version = re.search(rb" HTTP/(\d\.\d)\r?\Z", line)
    method = line.split(b" ")[0]
    names = re.findall(rb"(?im)^(content-length|transfer-encoding|host)[ \t]*:", head)
    count = collections.Counter(name.lower() for name in names)
    if us == "unfinished" and them[0] == "refused" and not re.search(rb"\n\r?\n", text):
        return "an error in a head whose end has not come"
    if text[:1] in b"\r\n" and text:
        return "empty lines before the request line"
    if us.startswith("refused") and not re.search(rb" HTTP/\d", line):
        return "no HTTP version (HTTP/0.9)"
    if us.startswith("refused") and re.search(rb" [ \t]|\t|[ \t]\r?\Z", line):
        return "more than one space in the request line"
    if us == "refused 417":
        return "another expectation"
    if us == "refused 501" and method == b"CONNECT":
        return "CONNECT"
    if us == "refused 501":
        return "a transfer coding beside chunked"
    if us == "refused 505" or (version and version[1] not in (b"1.0", b"1.1")):
        return "another HTTP version"
    if us.startswith("refused") and re.search(rb"(?<!\r)\n", head):
        return "a line that ends in a bare LF"
    if re.search(rb"\n[ \t]", head):
        return "a folded line"
    if us.startswith("refused") and count[b"host"] != 1:
        return "no Host, or two"
    if them[0] == "refused" and not re.fullmatch(TOKEN, method):
        return "a method that is no token"
    if them[0] == "refused" and them[1] == "InvalidMethodError":
        return "a method that llhttp does not know"
    if count[b"content-length"] and count[b"transfer-encoding"]:
        return "both lengths"
    if version and version[1] == b"1.0" and count[b"transfer-encoding"]:
        return "chunks in HTTP/1.0"
    if re.search(rb"(?i)\n(connection:[^\n]*upgrade|upgrade:)", head):
        return "an upgrade"
    target = line.split(b" ")[1] if line.count(b" ") > 1 else b""
    if re.search(rb"[\x80-\xff]", target) or b"#" in target or not re.fullmatch(rb"\*|/.*|https?://.*", target):
        return "the target's form"
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", head):
        return "control bytes"
    if target == b"*" and method != b"OPTIONS":
        return "the target's form"
    if us.startswith("refused") and re.search(rb"(?m)^[^:\r\n]*[ \t]:", fields):
        return "a space before a colon"
    body = text[len(HEAD.match(text)[0]):]
    if count[b"transfer-encoding"] and body:
        return "how chunks are written"
    if count[b"content-length"]:
        return "how a length is written"
    return "no class"


def main():
    texts = [generated() for _ in range(COUNT)]
    agreed, differences, examples = collections.Counter(), collections.Counter(), {}
    for text, us in zip(texts, ours(texts), strict=True):
        them = theirs(text)
        kind = us.split(" ")[0]
        if kind == them[0]:
            agreed[kind] += 1
            if kind == "whole" and (them[1][2].hex() or "-") != us.split(" ")[-2]:
                raise SystemExit(f"read alike, and not as the same body: {text}")
            continue
        key = (reason(text, us, them), kind, them[0])
        differences[key] += 1
        if len(text) < len(examples.get(key, (text + b"x",))[0]):
            examples[key] = (text, us, them[1])
    print(f"{COUNT} requests; alike: " + ", ".join(f"{count} {kind}" for kind, count in sorted(agreed.items())))
    print("| class | we say | llhttp says | of them |\n|---|---|---|---|")
    for (name, us, them), count in sorted(differences.items()):
        print(f"| {name} | {us} | {them} | {count} |")
    for key, example in examples.items():
        print(key, example, file=sys.stderr)
    if any(key[0] == "no class" for key in differences):
        raise SystemExit("some differences have no class")


main()
