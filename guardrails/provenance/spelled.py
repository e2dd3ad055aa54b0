"""Whether one line of an untrusted text spells a call out: by its structure alone, in whatever language it is written.

What only an order would write down is the call itself: its values side by side. No word of the line is understood.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lockgate.evidence import Kind
from lockgate.guardrails.provenance.encodings import IN_PLACE, rot13
from lockgate.guardrails.provenance.folding import squeeze
from lockgate.guardrails.provenance.index import Index
from lockgate.guardrails.provenance.needle import Needle, names_of, things_of
from lockgate.guardrails.provenance.tracing import Source, leaves
from lockgate.spec import ToolSpec

_LEAVES = 24
"""Values of one argument that are looked for."""
_ENDS = " .,;:!?\"'"
_VALUE = 4
"""Letters and digits of a value that stands in a line by no chance."""
_SHORTEST = 3
"""Those of one whose codes are looked for."""
_CODED = 6
"""The same of one that stands there in code."""
_SAID = 12
"""Letters and digits of a line, besides the values, that make it more than a field or a list."""


def spelled(
    args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source], *, least: int, unasked: bool = False
) -> tuple[str, ...]:
    """Paths of the values that stand together in one line of an untrusted text, one that steers the call among them.

    They are `least` or more. Where no argument is said to be sensitive each one steers. One that steers and is there in
    code counts by itself, for no honest text hides a value. Nothing counts of a call that the user has spelled out: by
    two values that steer it, and by all that do. Of a call that is `unasked` an entry of an internal system counts too.
    """
    values = list(_values(args, spec))
    steering = [needle for _, needle, sensitive in values if sensitive]
    own = [source.index for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)]
    if not steering or (len(steering) > 1 and any(all(needle.within(index) for needle in steering) for index in own)):
        return ()
    values = [value for value in values if len(squeeze(value[1].text)) >= _VALUE]
    found: dict[str, None] = {}
    heard = (Kind.UNTRUSTED, Kind.INTERNAL) if unasked else (Kind.UNTRUSTED,)
    for index in (source.index for source in ready if source.kind in heard):
        there = [value for value in values if value[1].within(index)]
        for line in index.lines if any(sensitive for _, _, sensitive in there) else ():
            here = [value for value in there if value[1].within(line)]
            if _tells(line, here, least):
                found |= dict.fromkeys(path for path, _, _ in here)
        found |= dict.fromkeys(path for path, needle, sensitive in values if sensitive and needle.encoded(index))
    return tuple(found)


def hidden(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> tuple[str, ...]:
    """Paths of the values that steer the call and that an untrusted text holds in code, whoever else names them."""
    texts = [source.index for source in ready if source.kind is Kind.UNTRUSTED]
    return tuple(
        path
        for path, needle, sensitive in (_values(args, spec) if texts else ())
        if sensitive and len(squeeze(needle.text)) >= _SHORTEST and any(_hides(needle, index) for index in texts)
    )


def _hides(needle: Needle, index: Index) -> bool:
    plain = needle.within(index)
    if plain == "disguised" or (not plain and needle.encoded(index)):
        return True
    # No honest text writes a name that it also says plainly in a code of its own.
    value = squeeze(needle.text)
    if isinstance(needle.value, str) and len(value) < _CODED:
        return any(_contains(index, code) for code in _codes(needle.value.strip()) if code != needle.value.strip())
    return len(value) >= _CODED and any(
        value == squeeze(view.folded) for name, view in index.views if name.rpartition("+")[2] not in IN_PLACE
    )


def _codes(value: str) -> Iterator[str]:
    """A short value in the commonest codes; pieces so short are not looked for in a text at large."""
    data = value.encode("utf-8", "replace")
    yield data.hex()
    for code in (base64.b64encode(data), base64.b32encode(data)):
        yield code.decode().rstrip("=")
    if len(value) >= _VALUE:
        yield value[::-1]
        yield rot13(value)


def _contains(index: Index, code: str) -> bool:
    """Whether the text holds the code as a word: in base64 small letters and capitals differ."""
    text = index.text.lower() if code.islower() or code.isdigit() else index.text
    return code in text and re.search(rf"(?<![A-Za-z0-9+/=]){re.escape(code)}(?![A-Za-z0-9+/])", text) is not None


def _values(args: Mapping[str, Any], spec: ToolSpec) -> Iterator[tuple[str, Needle, bool]]:
    for name, value in args.items():
        for path, leaf in islice(leaves(value, name), _LEAVES):
            things = things_of(spec.name, spec.description)
            needle = Needle(leaf.strip(_ENDS) if isinstance(leaf, str) else leaf, names_of(path), things)
            yield path, needle, name in spec.sensitive or not spec.sensitive


def _tells(line: Index, here: Sequence[tuple[str, Needle, bool]], least: int) -> bool:
    if not any(sensitive for _, _, sensitive in here) or len({needle.text for _, needle, _ in here}) < least:
        return False
    return len(line.squeezed) - sum(len(squeeze(needle.text)) for _, needle, _ in here) >= _SAID
