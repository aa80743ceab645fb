"""Small tasks whose answers can be checked: repeat, count, add."""

from __future__ import annotations

import random

from phrasing import spin


def repeat(vocabulary: list[str], draw: random.Random) -> tuple[str, str]:
    text = " ".join(draw.choice(vocabulary) for _ in range(draw.randint(1, 4)))
    ask = spin("{repeat|say|echo|copy|write|repeat after me|say again|repeat this|copy this}", draw)
    return f"{ask[:1].upper()}{ask[1:]}: {text}", text


def count(draw: random.Random) -> tuple[str, str]:
    first = draw.choice([1, 1, 1, draw.randint(0, 20)])
    last = first + draw.randint(1, 9)
    if first == 1 and draw.random() < 0.6:
        ask = spin("{please |can you |}count {to|up to} ", draw) + f" {last}"
    else:
        ask = spin("{please |can you |}count from ", draw) + f" {first} to {last}"
    return ask[:1].upper() + ask[1:] + draw.choice([".", "", "!"]), ", ".join(map(str, range(first, last + 1)))


def add(draw: random.Random) -> tuple[str, str]:
    a, b = draw.randint(0, 12), draw.randint(0, 12)
    form = draw.choice(["What is {} + {}?", "{} + {}", "{}+{}", "Add {} and {}", "What is {} plus {}?", "{} plus {}?",
                        "what is {} and {} together", "How much is {} + {}?", "{} + {} = ?", "Sum of {} and {}"])
    return form.format(a, b), f"{a} + {b} = {a + b}"


def task(vocabulary: list[str], draw: random.Random) -> tuple[str, str]:
    kind = draw.randrange(4)
    return repeat(vocabulary, draw) if kind < 2 else count(draw) if kind == 2 else add(draw)
