"""Small tokenizers like those of Llama 3, Qwen, GPT-2, DeepSeek-V2 and Mixtral, and the reference's answers.

    python Tests/Fixtures/make_tokenizer_families.py        (packages: Tools/model/requirements.txt)

tokenizer/FAMILY.tokenizer.json   trained here on a few lines: the family's pre-tokenizer, normaliser, flags
tokenizer/FAMILY.json             encode, plain and decode cases as make_tokenizer_goldens.py describes them

Mixtral's is SentencePiece's: characters with single bytes to fall back to; `mixtral` spells spaces by a
normaliser, `metaspace` by a pre-tokenizer that puts a space before the whole text only, as later uploads do.

DeepSeek-V3's family is that of the toy models and of operator-moe; make_tokenizer_goldens.py makes its cases.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from make_tokenizer_goldens import FIXED, decode_cases, random_texts, token_bytes, write_rows
from make_toy_models import TEXT
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

OUT = Path(__file__).resolve().parent / "tokenizer"
VOCABULARY = 360
SPECIALS = ["<|bos|>", "<|eos|>", "<|user|>", "<|assistant|>", "<|pad|>"]

# The published expressions, character for character: engines recognise a family by them.
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = WORDS + r"\p{N}{1,3}" + REST
QWEN = WORDS + r"\p{N}" + REST

# Where normalisation form C matters: composition, order of marks, exclusions, Hangul, singletons.
COMPOSED = [
    "cafe\u0301", "a\u0323\u0307 a\u0307\u0323", "\u212b \u2126 \u212a", "\u0958 \u0915\u093c", "\u0344",
    "\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\u11a8", "e\u0301! x", "\u00e9! x",
    "ſ'ſ 'S 'LL 'Re", "\u0301x",
    "\U0001d15e", "n\u0303\u0323o", "\ufb01 \uff21", "the ingress the  ingress ingress",
]


def split(expression: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def listed_characters() -> pre_tokenizers.PreTokenizer:
    """As DeepSeek-V2's: letters, marks and ideographs listed one span after the other."""
    parts = [
        "[\r\n]", r"\s?[A-Za-zÀ-ÖØ-öø-ʯͰ-Ͽа-яА-Яἀ-῾Ａ-Ｚａ-ｚ]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$",
        "[一-龥぀-ヿ가-퟿]+",
    ]
    return pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(part), "isolated") for part in parts),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def train(pre_tokenizer, normalizer=None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    special = [AddedToken(s, special=True, normalized=False) for s in SPECIALS]
    tokenizer.train_from_iterator(TEXT * 4, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    return tokenizer


def ignoring_merges(tokenizer: Tokenizer) -> Tokenizer:
    """As Llama 3's: whole words of the vocabulary are taken first, also those that no merge makes."""
    description = json.loads(tokenizer.to_str())
    description["model"]["ignore_merges"] = True
    description["model"]["vocab"] |= {"Ġingress": VOCABULARY, "zero": VOCABULARY + 1}
    return Tokenizer.from_str(json.dumps(description))


def with_added_words(tokenizer: Tokenizer) -> Tokenizer:
    """As Qwen's <think>: matched as a whole, kept in decoded text; and one matched in normalised text."""
    tokenizer.add_tokens([
        AddedToken("<think>", special=False, normalized=False),
        AddedToken("e\u0301!", special=False, normalized=True)])
    return tokenizer


def sentence_piece(normalizer=None, pre_tokenizer=None) -> Tokenizer:
    """As Mixtral's: three control tokens, 256 bytes, then characters and merges."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator(TEXT * 4, trainers.BpeTrainer(vocab_size=220, show_progress=False))
    description = json.loads(tokenizer.to_str())
    model = description["model"]
    first = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trained = sorted(model["vocab"], key=model["vocab"].get)
    model["vocab"] = {token: index for index, token in enumerate(first + trained)}
    model |= {"byte_fallback": True, "fuse_unk": True}
    tokenizer = Tokenizer.from_str(json.dumps(description))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in ("<unk>", "<s>", "</s>")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def sentence_pieces() -> dict[str, Tokenizer]:
    spelled = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return {
        "mixtral": sentence_piece(normalizer=spelled),
        "metaspace": sentence_piece(pre_tokenizer=pre_tokenizers.Metaspace("▁", "first", split=False)),
    }


def families() -> dict[str, Tokenizer]:
    return {
        "llama3": ignoring_merges(train(split(LLAMA3))),
        "qwen": with_added_words(train(split(QWEN), normalizers.NFC())),
        "gpt2": train(pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "deepSeekV2": train(listed_characters()),
    }


def compact(tokenizer: Tokenizer) -> str:
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n"


def make_sentence_pieces() -> None:
    """Only encodings, and the texts that they decode to: there, `tokenizers` takes bad UTF-8 byte by byte."""
    own = ["<s>a b</s> c", " <s> x", "<s> [INST] hi [/INST]", "▁x", "a▁b", "<0x41>", "  two", "<unk>"]
    for name, tokenizer in sentence_pieces().items():
        (OUT / f"{name}.tokenizer.json").write_text(compact(tokenizer))
        texts = (FIXED if name == "mixtral" else FIXED[:70]) + COMPOSED + own
        cases = []
        for text in texts:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            cases.append({"text": text, "ids": ids, "decoded": decoded})
        write_rows({"encode": cases}, OUT / f"{name}.json")


def main() -> None:
    make_sentence_pieces()
    texts = FIXED + COMPOSED + ["<think>a</think>", "x<think> <|eos|>"] + random_texts(20)
    for name, tokenizer in families().items():
        path = OUT / f"{name}.tokenizer.json"
        path.write_text(compact(tokenizer))
        encode = [{"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts]
        table = token_bytes(tokenizer)
        for case in encode:
            given, kept = case["text"], b"".join(table[i] for i in case["ids"]).decode()
            if tokenizer.normalizer:
                given, kept = (unicodedata.normalize("NFC", text) for text in (given, kept))
            assert given == kept, case
        tokenizer.encode_special_tokens = True
        plain = [
            {"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts if "<|" in t]
        tokenizer.encode_special_tokens = False
        golden = {
            "encode": encode, "plain": plain,
            "decode": decode_cases(tokenizer, [case["ids"] for case in encode])}
        write_rows(golden, OUT / f"{name}.json")


if __name__ == "__main__":
    main()
