"""`Rewriter`: takes private data out of the texts and JSON values of one place."""

import sys
from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from lockgate.guardrails.privacy.action import Action, stand_in
from lockgate.guardrails.privacy.scan import KINDS, MARKER, SHORTEST, Span, scanner
from lockgate.guardrails.privacy.secrets import NAMED
from lockgate.guardrails.privacy.vault import TOKEN
from lockgate.passage import Finding
from lockgate.text import MAX_DEPTH

NAMED_SECRET = "named_secret"  # noqa: S105 - the name of a kind
"""The kind of a value that stands under a name such as `password` in JSON."""
WITHHELD = "[REDACTED:TEXT]"
"""What is left of a text that cannot be freed of private data, or of data nested too deep to be looked at."""
_ROUNDS = 4
"""A stand-in can uncover what was no candidate beside the value it replaces, so a changed text is read again."""
MAX_VALUES = 20_000
"""Values in one text; one with more is withheld as a whole. 64 KB, a tool's default bound, holds 11,000 at most."""
_NAME_TAIL = 48
_NUMBERS = (int, float, Decimal)
_LARGEST = 10**40


class Rewritten(NamedTuple):
    """`text` after the actions; the spans of `findings` are those of the stand-ins in it. `blocked` names kinds."""

    text: str
    findings: tuple[Finding, ...]
    blocked: tuple[str, ...] = ()


class Rewriter:
    """Applies one place's actions, by kind; kinds without one are left alone."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = {kind: action for kind, action in actions.items() if action is not Action.ALLOW}
        self._scan = scanner(frozenset(self._actions))
        # No secret is a number.
        self._numbers = any("secret" not in kind.groups for kind in KINDS if kind.name in self._actions)
        self._named = self._actions.get(NAMED_SECRET)

    def __bool__(self) -> bool:
        return bool(self._actions)

    def text(self, text: str) -> Rewritten:
        """`text` with a stand-in for each value; it holds no finding any more. Linear in its length.

        Raises ConfigError when an action needs the privacy key and there is none.
        """
        findings: list[Finding] = []
        for _ in range(_ROUNDS):
            spans = self._spans(text)
            if not spans:
                return Rewritten(text, tuple(findings))
            if blocked := [span.kind for span in spans if self._actions[span.kind] is Action.BLOCK]:
                return Rewritten("", _described(spans, "blocked"), tuple(dict.fromkeys(blocked)))
            if len(spans) > MAX_VALUES:
                break
            text, findings = self._replaced(text, spans, findings)
        return Rewritten(WITHHELD, (_finding("text", 0, len(WITHHELD), "withheld"),))

    def json(self, value: Any) -> Any:
        """A JSON value with every text in it rewritten, keys too; a blocked text is redacted whole.

        Also what stands under a name such as `password`, whatever it looks like, where the place acts on secrets.
        """
        return self._json(value, 0)

    def blocked(self, value: Any) -> tuple[str, ...]:
        """The kinds in a JSON value that the place blocks."""
        if isinstance(value, _NUMBERS) and not self._numbers:
            return ()
        found: dict[str, None] = {}
        for text in (value,) if isinstance(value, str) else leaves(value):
            if len(text) < SHORTEST:
                continue
            for span in self._scan(text):
                if self._actions[span.kind] is Action.BLOCK:
                    found[span.kind] = None
        return tuple(found)

    def _json(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            rewritten = self.text(value)
            return WITHHELD if rewritten.blocked else rewritten.text
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, _NUMBERS):
            text = _written(value)
            return self.text(text).text or WITHHELD if self._scan(text) else value
        if depth >= MAX_DEPTH:
            return WITHHELD
        if isinstance(value, Mapping):
            below = depth + 1
            return {self._json(key, below): self._under(key, item, below) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._json(item, depth + 1) for item in value]
        return value

    def _under(self, name: Any, value: Any, depth: int) -> Any:
        secret = isinstance(value, (str, int)) and not isinstance(value, bool) and value not in ("", 0)
        if not self._named or not secret or not isinstance(name, str) or not NAMED.search(name[-_NAME_TAIL:]):
            return self._json(value, depth)
        text = value if isinstance(value, str) else _written(value)
        if MARKER.fullmatch(text.encode("utf-8", "replace")):
            return value
        return stand_in(self._named, NAMED_SECRET, text)

    def _spans(self, text: str) -> list[Span]:
        """What is to be replaced; the inside of a token is no finding."""
        spans = self._scan(text)
        if spans and "~" in text:
            tokens = [match.span() for match in TOKEN.finditer(text)]
            spans = [span for span in spans if not _inside(span, tokens)]
        return spans

    def _replaced(self, text: str, spans: list[Span], old: list[Finding]) -> tuple[str, list[Finding]]:
        parts: list[str] = []
        findings: list[Finding] = []
        at = length = 0
        earlier = iter([*old, None])
        waiting = next(earlier)
        for span in [*spans, None]:
            start = span.start if span else len(text)
            # Stand-ins of an earlier round move with the text; one that is replaced itself is gone.
            while waiting and waiting.start < start:
                if waiting.start >= at and waiting.end <= start:
                    moved = length - at
                    findings.append(_finding(waiting.kind, waiting.start + moved, waiting.end + moved, waiting.note))
                waiting = next(earlier)
            parts.append(text[at:start])
            length += start - at
            if span is None:
                break
            while waiting and waiting.start < span.end:
                waiting = next(earlier)
            action = self._actions[span.kind]
            put = stand_in(action, span.kind, text[span.start : span.end])
            findings.append(_finding(span.kind, length, length + len(put), _DONE[action]))
            parts.append(put)
            length += len(put)
            at = span.end
        return "".join(parts), findings


_DONE = {
    Action.MASK: "masked",
    Action.TOKENISE: "tokenised",
    Action.HASH: "hashed",
    Action.REDACT: "redacted",
}


def _finding(kind: str, start: int, end: int, note: str) -> Finding:
    return Finding(kind=kind, start=start, end=end, score=0.5 if kind == "high_entropy" else 1.0, note=note)


def _inside(span: Span, tokens: list[tuple[int, int]]) -> bool:
    at = bisect_right(tokens, (span.start, sys.maxsize)) - 1
    return at >= 0 and span.end <= tokens[at][1]


def _described(spans: list[Span], note: str) -> tuple[Finding, ...]:
    return tuple(_finding(span.kind, span.start, span.end, note) for span in spans)


def leaves(value: Any) -> list[str]:
    """The texts in a JSON value, keys too, and its long numbers as text. Never recurses."""
    texts: list[str] = []
    queue = [value]
    while queue:
        item = queue.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, Mapping):
            queue.extend(item)
            queue.extend(item.values())
        elif isinstance(item, (list, tuple, set, frozenset)):
            queue.extend(item)
        elif isinstance(item, _NUMBERS) and not isinstance(item, bool):
            texts.append(_written(item))
    return texts


def _written(number: float | Decimal) -> str:
    """A number as a card or an id is written: whole ones without a point, and none that is too long to be one."""
    if (isinstance(number, Decimal) and not number.is_finite()) or not -_LARGEST < number < _LARGEST:
        return ""
    return str(int(number)) if number == int(number) else str(number)
