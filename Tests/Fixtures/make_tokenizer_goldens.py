"""What the `tokenizers` library and transformers' chat templates answer for hard inputs.

    python Tests/Fixtures/make_tokenizer_goldens.py MODEL_FOLDER OUT.json

OUT.json holds, for the tokenizer of MODEL_FOLDER (special tokens in text are matched, none are added):
    encode  [{text, ids}]              text -> ids; decoding the ids gives the text back
    plain   [{text, ids}]              the same, with special tokens read as ordinary text
    decode  [{ids, bytes, text}]       ids -> bytes (hex), also where they are not valid UTF-8;
                                       `text` is those bytes decoded with U+FFFD for bad parts
    chat    [{messages, add_generation_prompt, text, ids}]
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from transformers import PreTrainedTokenizerFast

FIXED = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n", "\n ", "  \n  \n", "\t\t x", "a ", " a", "  a", "a  b",
    "a\n\nb", "a \n b", "trailing   ", "trailing\n\n\n", "x\r\ny", "\u00a0x", "a\u00a0b", "\u3000全角", "\u200bzero", "\ufeffbom",
    "hello", "Hello, world!", "HELLO", "don't", "it's I'll we've they'd", "'s", "''", "can’t", "x_y_z", "__init__",
    "snake_case camelCase PascalCase", "a.b.c", "...", "…", "!?!?", "a!b?c", "(parens) [brackets] {braces}", "<html>",
    "</div>\n", "#include <stdio.h>\n", "for (i = 0; i < 10; ++i) {\n    x += i;\n}", "if x == 1:\n\treturn\n",
    "https://example.org/a?b=c&d=%20e#f", "user@example.org", "C:\\path\\file", "/usr/share/x", "~/.bashrc",
    "\"quoted\"", "'single'", "`code`", "``` block ```", "a-b-c", "--flag=value", "-1", "+1", "=>", "->", "!=", "&&", "||",
    "0", "1", "12", "123", "1234", "12345", "1234567890", "007", "3.14159", "1,000,000", "1e-5", "0x1F", "2026-11-24",
    "12:30:45", "a1b2c3", "v1.2.3", "10%", "$5.00", "№5", "½ ¾", "²³", "٣٤٥", "१२३", "Ⅷ", "①②③", "1 2 3",
    "naïve café", "Ünïcödé", "straße", "İstanbul", "ﬁ ligature", "e\u0301 combining", "n\u0303o", "a\u0300\u0301\u0302",
    "привет мир", "Ελληνικά", "עברית", "العربية", "हिन्दी", "ไทย", "한국어 안녕", "ქართული", "አማርኛ",
    "你好", "你好世界", "你好 世界", "你好,world", "中文abc中文", "日本語テスト", "こんにちは", "カタカナ", "ひらカタ漢字",
    "漢字123", "𠮷野家", "㐀㐁", "。、「」", "你好。再见!", "，", "한中ひ",
    "🙂", "🚀🚀", "a🙂b", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "❤️", "☃", "✓ done", "→ ←", "∑∫√", "€£¥", "©®™", "♥♦",
    "\x00", "a\x00b", "\x01\x02\x7f", "\x1b[31mred\x1b[0m", "\u2028line", "\u0085", "\x0b\x0c",
    "\ufffd", "\U0001F9FF", "\U0010FFFF", "\ue000private",
    "<|bos|>", "<|eos|>", "a<|eos|>b", "<|user|>hi<|assistant|>", "<|eos|", "<|eos |>", "<|EOS|>", "<|user|> x",
    " <|user|>", "<|bos|><|bos|>", "\n<|eos|>\n", "<<|eos|>>", "<|unknown|>", "<|pad|>x<|pad|>",
    "the rank", "The rank answers, the ingress asks.", "data_parallel_size: 16", "max_num_seqs=4096",
    "VLLM_ALL2ALL_BACKEND", "{\"a\": [1, 2.5, null, true]}", "a" * 100, "ab" * 60, " " * 40, "\n" * 20, "=" * 50, "-" * 33,
    "aAaAaA", "iiiIIIlll111", "What is TTFT?", "what is  ttft ?", "tpot,itl;ttft", "x  \t \n y",
    "word\tword", "word\u2009thin", "a\u2003em", "soft\u00adhyphen", "RTL\u202eabc", "zero\u200djoin",
    "!word", "#tag", "@name", "$var", "%d", "&amp;", "*bold*", "_it_", "~x~", "^caret", "!é", ".ß", "'ж",
]

CONVERSATIONS = [
    [("user", "What is TTFT?")],
    [("system", "Be brief."), ("user", "Hi")],
    [("user", "Hi"), ("assistant", "Hello."), ("user", "What is a wave?")],
    [("system", ""), ("user", "  spaced  \n"), ("assistant", " a \n"), ("user", "\tb")],
    [("user", "<|eos|> inside"), ("assistant", "ok")],
    [("user", "multi\nline\n\ntext"), ("assistant", "你好 🙂"), ("user", "1234567")],
    [("user", "")],
]


def random_texts(count: int, seed: int = 7) -> list[str]:
    """Mixed-script strings of up to 24 characters."""
    draw = random.Random(seed)
    pools = ["abcdefghijklmnop ", "0123456789 ", " \n\t\r", ".,;:!?-'\"()", "äéßñø", "世界你好カナひら", "🙂🚀✓→", "ABCXYZ_"]
    return ["".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(1, 24))) for _ in range(count)]


def token_bytes(tokenizer: Tokenizer) -> dict[int, bytes]:
    """The bytes of every token; special tokens are their own UTF-8."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {chr(b): b for b in printable}
    table |= {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
    assert sorted(table) == sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = tokenizer.get_added_tokens_decoder()
    return {
        i: text.encode() if i in specials else bytes(table[c] for c in text)
        for text, i in tokenizer.get_vocab().items()
    }


def decode_cases(tokenizer: Tokenizer, encodings: list[list[int]], seed: int = 11) -> list[dict]:
    """Broken-off and random id sequences with the bytes they stand for."""
    draw, table = random.Random(seed), token_bytes(tokenizer)
    cases = [ids[start:stop] for ids in encodings if len(ids) > 1 for start, stop in ((0, -1), (1, None))]
    cases = draw.sample(cases, min(40, len(cases)))
    ordinary = sorted(set(table) - set(tokenizer.get_added_tokens_decoder()))
    cases += [[draw.choice(ordinary) for _ in range(draw.randint(1, 8))] for _ in range(20)]
    made = []
    for ids in cases:
        raw = b"".join(table[i] for i in ids)
        made.append({"ids": ids, "bytes": raw.hex(), "text": raw.decode("utf-8", errors="replace")})
    return made


def chat_cases(folder: Path, tokenizer: Tokenizer) -> list[dict]:
    wrapped = PreTrainedTokenizerFast.from_pretrained(folder)
    made = []
    for conversation in CONVERSATIONS:
        messages = [{"role": role, "content": content} for role, content in conversation]
        for generation in (True, False):
            text = wrapped.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation)
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            made.append({"messages": messages, "add_generation_prompt": generation, "text": text, "ids": ids})
    return made


def main(folder: Path, out: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = FIXED + random_texts(60)
    encode = [{"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts]
    table = token_bytes(tokenizer)
    for case in encode:
        assert b"".join(table[i] for i in case["ids"]).decode() == case["text"], case
    tokenizer.encode_special_tokens = True
    plain = [
        {"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts if "<|" in t
    ]
    tokenizer.encode_special_tokens = False
    golden = {
        "encode": encode,
        "plain": plain,
        "decode": decode_cases(tokenizer, [c["ids"] for c in encode]),
        "chat": chat_cases(folder, tokenizer),
    }
    write_rows(golden, out)


def write_rows(golden: dict[str, list[dict]], out: Path) -> None:
    """Writes lists of cases, one case a line."""
    rows = {k: "[\n" + ",\n".join(json.dumps(c) for c in v) + "\n]" for k, v in golden.items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("{\n" + ",\n".join(f'"{k}": {v}' for k, v in rows.items()) + "\n}\n")
    print(out, {k: len(v) for k, v in golden.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
