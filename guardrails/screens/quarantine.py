"""Quarantine: what the model reads of a text that it may not read.

A handle, and facts of fixed types that were taken out of the text by rule. None of them can carry a sentence, so
none can carry an order; that is the dual-model pattern's typed channel (Willison 2023), without the second model.
"""

import hashlib
import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

import re2

from lockgate.passage import Finding

MAX_FACTS = 20
"""Values of one type that are shown."""
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
        if values := list(dict.fromkeys(hits))[:MAX_FACTS]:
            found[name] = values
    word = text.strip().rstrip(".!").lower()
    if word in {"yes", "no", "true", "false"}:
        found["yes"] = word in {"yes", "true"}
    return found


def quarantined(text: str, findings: Sequence[Finding]) -> str:
    """What stands in the place of `text`."""
    kinds = ", ".join(sorted({str(one.kind) for one in findings}))
    data = json.dumps(facts(text), ensure_ascii=False)
    return f"[Quarantined as {handle(text)}: {kinds}. You cannot read it; a person can. Facts found in it: {data}]"
