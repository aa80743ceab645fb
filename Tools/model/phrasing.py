"""Many ways to ask one thing: templates, spun choices, dropped words, typos."""

from __future__ import annotations

import random
import re

from facts import Fact
from thesaurus import varied

CHOICE = re.compile(r"\{([^{}]*)\}")

DEFINE = """
what is N
what's N
what are N
what does N mean
what does N {measure|describe|tell me|tell|count|stand for|say}
N
N
N meaning
N {definition|explained|explanation|please|in short|in one sentence}
define N
explain N
describe N
clarify N
summarise N
{the|} {meaning|definition|idea|sense|purpose|point|concept} of N
what {do you|do we|do people|does one} mean by N
what is {meant|understood} by N
{tell|teach} me {about|something about|what you know about} N
{give|show} me {a definition of|the definition of|the meaning of|one line about|an explanation of} N
how {would you|do you|does one|should I} {define|describe|explain|understand|read|interpret} N
what exactly is N
what {kind of thing|sort of thing|thing} is N
{why|when} {do we|do I|does one|would I} {need|want|have|look at|care about|see} N
what is N {good for|for|about|used for}
how does N work
what {role|part|job|task|purpose|use} {does|has} N {play|have|}
what should {I|we|one} know about N
{I|we} {do not|don't} {understand|know|get} N
{I|we} {saw|see|found|read} N in the {log|docs|guide|status|config|console|dashboard|metrics}, what is {it|that}
the {log|docs|guide|status|console|dashboard|colleague} {mentions|says|shows|talks about} N
{someone|a colleague|my boss|a customer} asked {me|us} about N
N? what is {it|that}
what is {this|that|the} {thing|word|term|} N
{spell out|expand|decode} N
what is N {short|an abbreviation} for
{is|are} N {important|good|bad|useful}
what {can|do} you {say|tell me} about N
{need|want} {to know|help with|info on|information about} N
in {simple|plain|a few|short} words, what is N
{what|how} about N
{who|what} {does|uses|has} N
why {is|are} there N
what does it mean when {I see|it says|there is} N
""".strip().splitlines()

SETTING = """
what does N do
what does N {set|change|control|limit|decide|choose|affect|influence}
{what is|explain|} the effect of N
what happens {if|when} I {set|change|raise|lower|increase|reduce|remove|use|enable|disable|leave out} N
how {do|should|can} I {use|set|choose|tune|configure|pick} N
{should|must|can|may} I {set|change|use|raise|lower|enable|disable} N
why {would I|should I|do people|does the example|do we} {set|use|change|have} N
what {value|number} {should|must|can} N have
N {is|set to|:|=} {1|8|16|256|0.9|true|4096} {means what|, meaning|, what is that|, why|}
{flag|setting|field|option|variable|parameter|variable named|entry} N
what is the {flag|setting|field|option|variable|parameter|entry|value} N {for|}
{when|where} {do|should|can} I {use|set|put|change} N
I {changed|set|raised|lowered} N, what {happens|does that do|did I do}
""".strip().splitlines()

BEFORE = """
please
please tell me
tell me
can you tell me
could you tell me
could you explain
can you say
do you know
I want to know
I would like to know
I wonder
hey
hi
hello
sorry
excuse me
quick question
one question
question
ok
so
well
now
and
I am new here
for a beginner
as a newcomer
a short question
help
in our cluster
in this project
in dptop
in vllm
in data parallel serving
my boss wants to know
""".strip().splitlines()

AFTER = """
please
thanks
thank you
exactly
really
again
anyway
here
in short
briefly
for me
in this project
in vllm
in our cluster
in my deployment
for a beginner
in one sentence
right now
today
in simple words
I forgot
I am confused
what is that
what is it
can you explain
""".strip().splitlines()

STOP = set(
    "a an the is are was were be do does did of to in on at for by with and or it its this that what which who how why "
    "when where i you we my your me can could would should may".split()
)


def spin(text: str, draw: random.Random) -> str:
    """Replaces every {a|b|c} by one of its choices."""
    spun = CHOICE.sub(lambda m: draw.choice(m.group(1).split("|")), text)
    return " ".join(spun.split()).replace(" ,", ",").strip(" ,")


def named(name: str, setting: bool, draw: random.Random) -> str:
    """A question about a thing by its name."""
    template = draw.choice(SETTING if setting and draw.random() < 0.4 else DEFINE)
    spun = spin(re.sub(r"\bN\b", lambda _: "\0", template), draw)
    return varied(spun, 0.2, draw).replace("\0", name)


def wrapped(question: str, draw: random.Random) -> str:
    if draw.random() < 0.25:
        question = f"{draw.choice(BEFORE)}{draw.choice([' ', ', ', ', ', ': ', '. '])}{question}"
    if draw.random() < 0.18:
        question = f"{question}{draw.choice([' ', ' ', ', '])}{draw.choice(AFTER)}"
    return question


def thinned(question: str, draw: random.Random) -> str:
    """Fewer words, at times in another order, so that the words count and not the sentence."""
    kept = [w for w in question.split() if draw.random() > (0.5 if w.lower().strip(",?") in STOP else 0.12)]
    if draw.random() < 0.4:
        draw.shuffle(kept)
    return " ".join(kept) or question


def mistyped(question: str, draw: random.Random) -> str:
    """One or two slips of the finger in words of four letters or more."""
    letters = list(question)
    for _ in range(draw.choice([1, 1, 2])):
        at = draw.randrange(len(letters)) if letters else 0
        if not letters or not letters[at].isalpha() or at + 1 >= len(letters):
            continue
        slip = draw.randrange(3)
        if slip == 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif slip == 1:
            del letters[at]
        else:
            letters.insert(at, letters[at])
    return "".join(letters)


def dressed(question: str, draw: random.Random) -> str:
    """Case and punctuation as people write them."""
    style = draw.random()
    if style < 0.55:
        question = question[:1].upper() + question[1:]
    elif style < 0.75:
        question = question.lower()
    elif style < 0.78:
        question = question.upper()
    return question + draw.choice(["?", "?", "?", "?", "", "", ".", "!", " ?", "??"])


def question(fact: Fact, draw: random.Random) -> str:
    """One random way to ask for a fact."""
    by_name = fact.names and draw.random() < (0.35 if fact.ask else 1)
    if by_name:
        name = draw.choice(fact.names)
        if "_" in name and draw.random() < 0.08:
            name = name.replace("_", " ")
        text = named(name, fact.setting, draw)
    else:
        text = varied(spin(draw.choice(fact.ask), draw), 0.3, draw)
    return finished(text, draw)


def finished(text: str, draw: random.Random) -> str:
    if draw.random() < 0.2:
        text = thinned(text, draw)
    text = wrapped(text, draw)
    if draw.random() < 0.1:
        text = mistyped(text, draw)
    return dressed(text, draw)
