"""Values that have a good source, or none, and yet speak against the call: named for something else, or look-alikes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.clauses import (
    bystanding,
    contradicts,
    crossed,
    days_given,
    displaced,
    left_out,
    named_for_another,
    only_a_source,
    only_a_teller,
    only_aside,
)
from lockgate.guardrails.provenance.folding import squeeze, words
from lockgate.guardrails.provenance.index import Index, index_of
from lockgate.guardrails.provenance.intent import unlikely
from lockgate.guardrails.provenance.needle import Needle, names_of
from lockgate.guardrails.provenance.records import records_of
from lockgate.guardrails.provenance.replaced import NEAR, distance, replaces
from lockgate.guardrails.provenance.tracing import Source, leaves, names_record, spoken_of
from lockgate.passage import Passage
from lockgate.spec import ToolSpec

DIVERSIONS = {
    "elsewhere": "the user's words for something else",
    "crossed": "the user's words for another one",
    "displaced": "others, where the user gave another value",
    "swayed": "a choice of which an outsider speaks",
}
"""How a value is traced that the user's words speak against, and where it comes from then."""
_GOOD = (Kind.USER, Kind.OPERATOR, Kind.TRUSTED)
_LITERAL = ("exact", "normalised")
_MOST = 200
"""Addresses and accounts of good sources that a value is compared with."""
_TURNS = 12
"""Messages of the user, the last ones, that are read clause by clause."""
_ADDRESS = re.compile(
    r"[\w.+-]{2,}@[\w-]+(?:\.[\w-]+)+|\b[a-z]{2}\d\d[a-z0-9]{8,30}\b"
    r"|\b[a-z]{2}\d\d(?: [a-z0-9]{4}){1,2}(?: (?=[a-z]*\d)[a-z0-9]{1,4}){1,7}\b|\b[\w-]+(?:\.[\w-]+)+\b"
)
_ACCOUNT = re.compile(r"[a-z]{2}\d\d[a-z0-9]{8,30}")
_LONG = 8
_GENERAL = words(
    "info office contact support help sales billing accounts hello team mail admin service desk orders press jobs me "
    "noreply no-reply news hr it legal finance reception"
)
"""What many hosts call a mailbox of theirs."""


def diverted(
    args: Mapping[str, Any],
    spec: ToolSpec,
    traces: Sequence[Trace],
    passages: Sequence[Passage],
    ready: Sequence[Source],
) -> list[Trace]:
    """`traces`, with those that the user's words do not bear out after all as nobody's: `how` says why.

    `elsewhere`: named where the user asked for something else. `crossed`: named for another target. `displaced`: the
    user gave another one. A value that only resembles one of a good source is `imitating`; one that a text puts in the
    place of the user's is `replacing`.
    """
    said = [passage.text for passage in passages if passage.source == "user"][-_TURNS:]
    found = {path: (name, leaf) for name, value in args.items() for path, leaf in leaves(value, name)}
    needles = {
        trace.path: Needle(found[trace.path][1], names_of(trace.path))
        for trace in traces
        if trace.path in found and trace.kind is Kind.USER and trace.how in _LITERAL
    }
    steering = {path: needle for path, needle in needles.items() if found[path][0] in spec.sensitive}
    changed: dict[str, str] = {}
    if spec.effect:
        changed |= dict.fromkeys(steering if unlikely(spec, passages) else (), "elsewhere")
        changed |= dict(_named_for_others(needles, steering, spec, said))
        changed |= dict.fromkeys(_given_otherwise(args, traces, steering, spec, said), "displaced")
        outsiders = [source.index for source in ready if source.kind is Kind.UNTRUSTED]
        changed |= dict.fromkeys(_passed_over(found, traces, spec, ready), "elsewhere")
        changed |= dict.fromkeys(_replacing(found, traces, spec, said, outsiders), "replacing")
    known = {trace.path for trace in traces}
    missing = [Trace(path=path, kind=Kind.UNTRACED, how=why) for path, why in changed.items() if path not in known]
    return [_judged(trace, changed.get(trace.path, ""), found, spec, ready) for trace in traces] + missing


def _named_for_others(
    needles: Mapping[str, Needle], steering: Mapping[str, Needle], spec: ToolSpec, said: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """(path, why) of values that the user named for something else, or for another target."""
    if steering and named_for_another([*steering.values()], spec, said):
        yield from ((path, "elsewhere") for path in steering)
    targets = [needle for needle in steering.values() if needle.number is None and not needle.moment]
    for path, needle in steering.items():
        aside = not needle.moment and (needle.number is None or needle.named) and only_aside(needle, spec, said)
        if aside or (
            needle in targets
            and any(ask(needle, spec, said) for ask in (left_out, only_a_source, only_a_teller, bystanding))
        ):
            yield path, "elsewhere"
    for path, needle in needles.items():
        if needle.number is not None and not needle.named and any(crossed(one, needle, said) for one in targets):
            yield path, "crossed"


def _given_otherwise(
    args: Mapping[str, Any],
    traces: Sequence[Trace],
    steering: Mapping[str, Needle],
    spec: ToolSpec,
    said: Sequence[str],
) -> Iterator[str]:
    """Paths of values in whose place the user gave another one."""
    found = {path: (name, leaf) for name, value in args.items() for path, leaf in leaves(value, name)}
    others = [leaf for _, leaf in found.values()]
    for trace in traces:
        name, leaf = found.get(trace.path, ("", None))
        doubtful = trace.kind is Kind.UNTRUSTED or (trace.kind is Kind.UNTRACED and _timed(leaf))
        if name and doubtful and name not in spec.sensitive and displaced(leaf, others, spec, said):
            yield trace.path
    for path, needle in steering.items():
        # Of two days that the user gave the call has one, twice.
        day = needle.moment[0] if needle.moment else None
        if day and others.count(found[path][1]) > 1 and {one[1:] for one in index_of(said[-1]).days} - {day[1:]}:
            yield path
    yield from _left_out_limits(args, others, spec, said)
    for name, value in args.items():
        if isinstance(value, bool) and contradicts(name, value, [*steering.values()], said):
            yield name


def _left_out_limits(
    args: Mapping[str, Any], others: Sequence[Any], spec: ToolSpec, said: Sequence[str]
) -> Iterator[str]:
    """Sensitive arguments left at their default though the user gave a day that no argument has: `until 30 April`."""
    unused = days_given(spec, said) - {m[0][1:] for one in others if (m := Needle(one, frozenset()).moment) and m[0]}
    for name in spec.sensitive if unused else ():
        field = spec.args_model.model_fields.get(name)
        if field and not field.is_required() and args.get(name) == field.default and isinstance(field.default, str):
            yield name


def _passed_over(
    found: Mapping[str, tuple[str, Any]], traces: Sequence[Trace], spec: ToolSpec, ready: Sequence[Source]
) -> Iterator[str]:
    """Paths of values out of a trusted list in which the user named another entry: the list knows them, the user wants
    one.
    """
    heard = [source for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)]
    for trace in traces:
        name, leaf = found.get(trace.path, ("", None))
        if trace.kind is not Kind.TRUSTED or name not in spec.sensitive or not isinstance(leaf, str):
            continue
        tables = [records_of(s.passage.text) for s in ready if s.kind is Kind.TRUSTED and s.passage.structured]
        tables = [table for table in tables if any(table.holding(leaf, ids_only=False))]
        mine = [record for table in tables for record in table.holding(leaf, ids_only=False)]
        if any(names_record(table, record, heard) for table in tables for record in mine):
            continue
        if any(names_record(table, record, heard) for table in tables for record in table):
            yield trace.path


def _timed(leaf: Any) -> bool:
    return Needle(leaf, frozenset()).moment is not None


def _replacing(
    found: Mapping[str, tuple[str, Any]],
    traces: Sequence[Trace],
    spec: ToolSpec,
    said: Sequence[str],
    outsiders: Sequence[Index],
) -> Iterator[str]:
    """Paths of values that a text puts in the place of the user's."""
    others = [leaf for _, leaf in found.values()]
    for trace in traces:
        if trace.kind is Kind.UNTRUSTED and not trace.suspect and trace.path in found:
            name, leaf = found[trace.path]
            if name in spec.sensitive and replaces(leaf, others, spec, said, outsiders):
                yield trace.path


def swayed(trace: Trace, args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Trace:
    """The trace of a thing that the user left to be chosen: also an outsider's, where one speaks of it."""
    found = {path: leaf for name in args.keys() & spec.sensitive for path, leaf in leaves(args[name], name)}
    leaf = found.get(trace.path)
    if trace.kind is not Kind.TRUSTED or not isinstance(leaf, str) or not spoken_of(leaf, ready):
        return trace
    return replace(trace, kind=Kind.UNTRACED, how="swayed", sources=())


def _judged(
    trace: Trace, why: str, found: Mapping[str, tuple[str, Any]], spec: ToolSpec, ready: Sequence[Source]
) -> Trace:
    if why == "replacing":
        return replace(trace, suspect=why)
    if why:
        return replace(trace, kind=Kind.UNTRACED, how=why, sources=())
    return _compared(trace, found, spec, ready)


def _compared(trace: Trace, found: Mapping[str, tuple[str, Any]], spec: ToolSpec, ready: Sequence[Source]) -> Trace:
    """The trace of a value that steers the call; `imitating` when it is all but one that a good source holds."""
    if trace.kind not in (Kind.UNTRUSTED, Kind.UNTRACED) or trace.suspect or trace.path not in found:
        return trace
    name, leaf = found[trace.path]
    if name not in spec.sensitive or not isinstance(leaf, str) or not _identifies(leaf):
        return trace
    value = _plain(leaf)
    known = (one for source in ready if source.kind in _GOOD for one in _identifiers(source.index.folded))
    return replace(trace, suspect="imitating") if any(_resembles(value, one) for one in known) else trace


@lru_cache(maxsize=512)
def _identifiers(folded: str) -> tuple[str, ...]:
    return tuple(_distinct((_plain(match.group()) for match in _ADDRESS.finditer(folded)), _MOST))


def _distinct(items: Iterable[str], most: int) -> Iterator[str]:
    seen: set[str] = set()
    for item in items:
        if len(seen) >= most:
            return
        if item not in seen:
            seen.add(item)
            yield item


def _identifies(value: str) -> bool:
    plain = _plain(value)
    return "@" in plain or "://" in value or _ACCOUNT.fullmatch(plain) is not None


def _plain(value: str) -> str:
    """A mail address as it is, a URL's host, an account without its spaces."""
    value = value.casefold().strip()
    if "@" in value:
        return value
    if match := re.match(r"\w+://([^/?#]+)", value):
        return match[1].removeprefix("www.")
    return squeeze(value) if _ACCOUNT.fullmatch(squeeze(value)) else value.removeprefix("www.")


def _resembles(value: str, known: str) -> bool:
    """Whether two addresses or accounts differ, and in so little that one is taken for the other."""
    if value == known or ("@" in value) != ("@" in known):
        return False
    if "@" in value:
        (name, _, host), (own, _, home) = value.partition("@"), known.partition("@")
        label = home.split(".")[0]
        if name == own and name not in _GENERAL and host != home and len(label) > NEAR and label in host:
            return True
    return min(len(value), len(known)) >= _LONG and 0 < distance(value, known) <= NEAR
