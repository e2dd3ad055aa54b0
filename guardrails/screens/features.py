"""The features of one sentence in its text."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from lockgate.guardrails.screens.lexicon import BIT, COMMON
from lockgate.guardrails.screens.phrases import said

_MONEY = re.compile(r"[$€£]\s?\d|\d\s?(?:usd|eur|gbp|euros?|dollars?|btc|eth)\b|\b\d[\d,.]{2,}\b")
_STARTS = ("act", "write", "alter", "override")
_HAS = ("agent", "user", "private", "urgent", "authority", "secret", "polite", "format", "you")
STRONG = frozenset(
    [
        "drop_rules",
        "vocative",
        "to_agents",
        "if_agent",
        "agent_must",
        "secrecy",
        "unasked",
        "your_rules",
        "your_task",
        "void",
        "obey",
        "you_are",
        "from_now",
        "authority",
        "the_user",
        "role",
        "when_asked",
        "instead",
        "say_that",
        "favour",
        "override_rules",
    ]
)
"""Features that are rare where nobody speaks to an agent."""
_WITH_ORDER = {
    "your_reply": "order_reply",
    "your_work": "order_work",
    "the_user": "order_user",
    "secrecy": "order_secret",
    "first_person": "order_we",
    "send_to": "order_send",
    "ordering": "order_after",
}
"""What counts anew when the sentence is an order."""
_FEW_WORDS, _MANY_WORDS, _LONG_WORD = 4, 40, 4
_LONE = 3
"""Sentences below which a text has no surroundings to stand out from."""


class Words(NamedTuple):
    """The words of a sentence, the classes they are of, and those of the verb that begins it, or a clause of it."""

    words: list[str]
    mask: int
    verb: int
    clause: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a text is like, apart from any one sentence."""

    counts: Counter[str]
    sentences: int
    orders: int
    questions: int
    talk: float
    """How much it is about attacks and examples, from 0 to 1."""
    code: float
    """How much it looks like code, from 0 to 1."""

    @classmethod
    def of(cls, low: str, sentences: Sequence[Words]) -> "Host":
        """Of the lowered text and its sentences."""
        signs = low.count("(") + low.count("{") + low.count(";") + low.count("=")
        about = sum(1 for words in sentences if words.mask & BIT["talk"])
        return cls(
            counts=Counter(chain.from_iterable(words.words for words in sentences)),
            sentences=len(sentences),
            orders=sum(1 for words in sentences if words.verb),
            questions=low.count("?"),
            talk=min(1.0, 4 * about / max(4, len(sentences))),
            code=min(1.0, 25 * signs / max(1, len(low))),
        )


def features(piece: str, words: Words, host: Host, *, edge: bool, continued: bool) -> dict[str, float]:
    """The features of the lowered sentence `piece`, by name; what is not there counts nothing.

    `edge`: it is the first or the last of its text. `continued`: it is the rest of a broken line.
    """
    on = said(piece, words.mask)
    asks = piece.rstrip(" \"')*").endswith(("?", "？"))
    on |= _of_classes(words.mask, words.verb, piece.isascii())
    novel = _novel(words.words, host)
    on["novel"], on["talk"], on["code_host"] = novel, host.talk, host.code
    if len(words.words) < _FEW_WORDS:
        on["short"] = 1.0
    elif len(words.words) > _MANY_WORDS:
        on["long"] = 1.0
    if host.sentences < _LONE:
        on["lone"] = 1.0
    if continued:
        on["continued"] = 1.0
        on["order_continued"] = 1.0 if words.verb and not words.clause else 0.0
    if words.verb:
        _as_order(on, piece, words, host, novel, edge)
    if asks:
        _as_question(on, words, host, novel, edge)
    if "in_quotes" in on and host.talk:
        on["talk_quoted"] = host.talk
    strong = len(STRONG.intersection(on))
    if strong:
        on["strong_talk"] = host.talk
        on["strong_order"] = 1.0 if words.verb else 0.0
        on["strong_two"] = 1.0 if strong > 1 else 0.0
        on["strong_three"] = 1.0 if strong > 2 else 0.0  # noqa: PLR2004 - three of them
    return on


@lru_cache(maxsize=4_096)
def _of_classes(mask: int, verb: int, plain: bool) -> dict[str, float]:
    """What follows from the classes of the words alone."""
    on = {f"has_{name}": 1.0 for name in _HAS if mask & BIT[name]}
    override, rules, prior = mask & BIT["override"], mask & BIT["rules"], mask & BIT["prior"]
    if mask & BIT["deontic"] and mask & BIT["you"]:
        on["has_deontic_you"] = 1.0
    if override and prior:
        on["override_prior"] = 1.0
    if override and rules:
        on["override_rules"] = 1.0
    if override and (rules or prior) and not plain:
        on["wide_override"] = 1.0
    if mask & BIT["agent"] and (verb or mask & BIT["deontic"]):
        on["agent_order"] = 1.0
        if not plain:
            on["wide_agent"] = 1.0
    if verb:
        on |= {f"start_{name}": 1.0 for name in _STARTS if verb & BIT[name]}
        on |= {f"order_{name}": 1.0 for name in ("private", "you", "format") if mask & BIT[name]}
        on["order"] = 1.0
    return on


def _novel(words: list[str], host: Host) -> float:
    """The share of the words about something that occur nowhere else in the text."""
    topic = [word for word in words if len(word) >= _LONG_WORD and word not in COMMON]
    if not topic:
        return 0.5 if host.sentences >= _LONE else 0.25
    here = Counter(words)
    novel = 1.0 - sum(1 for word in topic if host.counts[word] > here[word]) / len(topic)
    return novel if host.sentences >= _LONE else novel / 2


def _as_order(on: dict[str, float], piece: str, words: Words, host: Host, novel: float, edge: bool) -> None:
    crowd = (host.orders - 1) / max(3, host.sentences - 1)
    alone = max(0.0, 1.0 - 5 * crowd)
    for name, joined in _WITH_ORDER.items():
        if name in on:
            on[joined] = 1.0
    on["order_novel"], on["order_alone"], on["order_crowd"] = novel, alone, min(1.0, 3 * crowd)
    on["order_talk"], on["order_code_host"] = host.talk, host.code
    if words.clause:
        on["clause"] = 1.0
    if edge:
        on["order_edge"] = 1.0
    if len(words.words) < _FEW_WORDS:
        on["order_short"] = 1.0
    if host.sentences < _LONE:
        on["order_lone"] = 1.0
    if _MONEY.search(piece):
        on["order_money"] = 1.0
    if words.verb & (BIT["write"] | BIT["alter"]):
        on["write_novel_alone"] = novel * alone
        if "your_reply" in on and words.verb & BIT["alter"]:
            on["alter_reply"] = 1.0
    if words.verb & BIT["act"]:
        on["act_novel_alone"] = novel * alone


def _as_question(on: dict[str, float], words: Words, host: Host, novel: float, edge: bool) -> None:
    on["question"], on["question_novel"], on["question_talk"] = 1.0, novel, host.talk
    on["question_alone"] = 1.0 / max(1, host.questions)
    on["question_general_novel"] = novel if "general" in on or "can_you" in on else 0.0
    on["question_edge"] = 1.0 if edge else 0.0
    on["question_lone"] = 1.0 if host.sentences < _LONE else 0.0
    on["question_we"] = on.get("first_person", 0.0)
    on["question_you"] = 1.0 if words.mask & BIT["you"] and "can_you" not in on else 0.0
