"""Quarantine: what the model reads of a text that it may not read.

A handle, and facts of fixed types that were taken out of the text by rule. None of them can carry more than a few
words, and none that the screens take for an order; that is the dual-model pattern's typed channel (Willison 2023),
without the second model.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import re2

from lockgate.guardrails.screens.instructions import orders
from lockgate.passage import Finding

MAX_FACTS = 20
"""Values of one type that are shown."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_MAX_WORDS = 7
"""As in `ann.smith@mail.uni-example.ac.uk`."""
_ORDER = 0.3
_TYPES = {
    "dates": re2.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b"),
    "times": re2.compile(r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b"),
    "amounts": re2.compile(r"(?:[$€£]\s?\d[\d,.]{0,14}\d|\b\d[\d,.]{0,14}\s?(?:USD|EUR|GBP|CHF)\b|[$€£]\d)"),
    "emails": re2.compile(r"\b[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b"),
    "ids": re2.compile(r"\b[A-Z]{1,6}-?\d{2,12}\b"),
    "numbers": re2.compile(r"\b\d{1,15}(?:\.\d{1,6})?\b"),
}


def handle(text: str) -> str:
    """The name by which people find the text again; the same text has the same name."""
    return f"q-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def facts(text: str) -> dict[str, Any]:
    """The typed facts in `text`: dates, times, amounts, e-mail addresses, ids, numbers, yes or no, and its size."""
    found: dict[str, Any] = {"characters": len(text), "lines": text.count("\n") + 1}
    for name, pattern in _TYPES.items():
        hits = (match.group() for match in islice(pattern.finditer(text), 10 * MAX_FACTS))
        # In the order of the alphabet: in that of the text, the letters of ids could spell a sentence.
        if values := sorted(list(dict.fromkeys(hit for hit in hits if not _speaks(hit)))[:MAX_FACTS]):
            found[name] = values
    word = text.strip().rstrip(".!").lower()
    if word in {"yes", "no", "true", "false"}:
        found["yes"] = word in {"yes", "true"}
    return found


def _speaks(fact: str) -> bool:
    """Whether a fact may be words in disguise: of those with letters, an address can be as long as a sentence."""
    words = _WORD.findall(fact)
    return len(words) > _MAX_WORDS or any(score >= _ORDER for _, _, score in orders(" ".join(words)))


def quarantined(text: str, findings: Sequence[Finding]) -> str:
    """What stands in the place of `text`."""
    kinds = ", ".join(sorted({str(one.kind) for one in findings}))
    data = json.dumps(facts(text), ensure_ascii=False)
    return f"[Quarantined as {handle(text)}: {kinds}. You cannot read it; a person can. Facts found in it: {data}]"
