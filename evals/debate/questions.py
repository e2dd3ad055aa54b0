"""Questions with one right answer each: the arithmetic of Du et al. (2023), or a file of your own."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from lockgate.errors import ConfigError

MAX_BYTES = 50_000_000
"""Of a file of questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and its right answer, in the form that answers are compared in."""

    text: str
    answer: str


def arithmetic(seed: int, count: int) -> list[Question]:
    """`a+b*c+d-e*f` with numbers below 30."""
    dice = random.Random(seed)  # noqa: S311 - numbers, no secrets
    rows = []
    for _ in range(count):
        a, b, c, d, e, f = (dice.randrange(30) for _ in range(6))
        text = f"What is the result of {a}+{b}*{c}+{d}-{e}*{f}? Answer with the number."
        rows.append(Question(text=text, answer=str(a + b * c + d - e * f)))
    return rows


def number(answer: str) -> str:
    """The last number in an answer, which is what is compared; the text itself when there is none."""
    found = re.findall(r"-?\d+", answer.replace(",", ""))
    return found[-1] if found else " ".join(answer.casefold().split()).strip(" .!'\"`$")


def read_questions(path: str, count: int) -> list[Question]:
    """The first `count` questions of a JSONL file with `question` and `answer` in each line. Raises ConfigError."""
    hint = 'Each line is a JSON object: {"question": "...", "answer": "..."}.'
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} has more than {MAX_BYTES:,} bytes.", "Take a part of it.")
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint) from None
    rows = []
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append(Question(text=str(row["question"]), answer=number(str(row["answer"]))))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ConfigError(f"{path}:{place} is no question with an answer.", hint) from None
        if len(rows) == count:
            break
    if not rows:
        raise ConfigError(f"{path} holds no question.", hint)
    return rows
