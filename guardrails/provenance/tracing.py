"""`trace`: where a value comes from, leaf by leaf, among the labelled texts of a session."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeAlias

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.folding import fold, squeeze
from lockgate.guardrails.provenance.index import Index, index_of
from lockgate.guardrails.provenance.instructions import without_attacks
from lockgate.guardrails.provenance.needle import Needle, names_of
from lockgate.guardrails.provenance.records import Record, Records, records_of
from lockgate.labels import Integrity
from lockgate.passage import Passage

MAX_LEAVES = 1_000
"""Leaves of one call's arguments that are traced. Those beyond count as untraced."""
Among: TypeAlias = Literal["", "all", "one"]
"""What a user wants of several."""
_LONG = 80
"""Characters from which a text is also traced in pieces."""
_PIECE = re.compile(r"[^\n.!?;]+[.!?;]?")
_WITHIN = r"(?<=[^.!?:;\n] )"
_STARTING = r"(?:^|(?<=[.!?:;\n] )|(?<=\n))"
_GOES_ON = (
    r"(?='s|,| and [A-Z]| (?:should|must|needs?|wants?|has|is|was|had|asked|asks|ought|would|gets?|said|says|wrote|"
    r"keeps?|suggested|offered|deserves?|did|does|could)\b)"
)
"""After a word that starts a sentence: then it is a name, and neither `Will you` nor `Mark the mail`."""
_FIELD = re.compile(r"[a-z]+(?:_[a-z]+|[A-Z][a-z]+)*")
"""A key as programs name fields. Others are data: `{"DE89...": 50}` pays somebody."""
_KINDS = list(Kind)
_LOOSE = (Kind.USER, Kind.OPERATOR, Kind.TRUSTED)
KIND_OF = {
    Integrity.TRUSTED: Kind.TRUSTED,
    Integrity.INTERNAL: Kind.INTERNAL,
    Integrity.UNTRUSTED: Kind.UNTRUSTED,
}


@dataclass(frozen=True)
class Source:
    """One passage, ready to be searched."""

    passage: Passage
    kind: Kind

    @cached_property
    def index(self) -> Index:
        """Of the whole text."""
        return index_of(self.passage.text)

    @cached_property
    def clean(self) -> Index:
        """Of the text without those parts that a screen found to be an attack."""
        return index_of(without_attacks(self.passage))

    @cached_property
    def given(self) -> Index | None:
        """Of what the tool was called with."""
        return index_of(self.passage.given) if self.passage.given else None


def sources(passages: Iterable[Passage]) -> list[Source]:
    """The passages that can be the source of a value, best kind first. The model's own words are none."""
    found = [Source(passage, kind) for passage in passages if (kind := kind_of(passage)) is not None]
    return sorted(found, key=lambda source: _KINDS.index(source.kind))


def kind_of(passage: Passage) -> Kind | None:
    """What a value is that stands in this passage; None for the model's own words."""
    if passage.source == "model":
        return None
    if passage.label.integrity == Integrity.TRUSTED and passage.source in ("user", "operator"):
        return Kind(passage.source)
    return KIND_OF[passage.label.integrity]


def trace(value: Any, passages: Iterable[Passage], *, argument: str = "", named: bool = False) -> list[Trace]:
    """Where each leaf of `value` comes from: the best kind of source there is, and how it is spelled there.

    `argument` is the name of the argument, by which short values are told from chance (`file 13`). Null, true and
    false, and empty texts are no leaves: they carry nothing. With `named`, what identifies a record that the user
    named counts as the user's. Linear in the texts' length.
    """
    return trace_in(value, sources(passages), argument, named=named)


def trace_in(
    value: Any,
    ready: Sequence[Source],
    argument: str,
    *,
    named: bool = False,
    among: Among = "",
    things: frozenset[str] = frozenset(),
) -> list[Trace]:
    """As `trace`, in sources that are ready. `things` are the words for what the tool is about.

    `among`: the user asks for it for all of what he names, or for one of it.
    """
    found = []
    for number, (path, leaf) in enumerate(leaves(value, argument)):
        if number >= MAX_LEAVES:
            found.append(Trace(path=path, kind=Kind.UNTRACED, how="too many values"))
            break
        made = trace_leaf(path, leaf, ready, things)
        if named and made.kind in (Kind.INTERNAL, Kind.UNTRUSTED) and (tool := designated(leaf, ready, among=among)):
            made = Trace(path=path, kind=Kind.USER, how="named", sources=("user", tool))
        found.append(made)
    return found


def designated(leaf: Any, ready: Sequence[Source], *, among: Among = "") -> str:
    """The tool in whose result the leaf identifies a record that the user named; an empty string when there is none.

    Of a record in untrusted output only the id: its system made that, whoever wrote the rest. Of one in internal
    output any field: its system vouches that they belong together. `among` what an internal tool lists for something
    that the user named, who wants it for all of that means each item; who wants it for one of it, by whatever rule,
    any item that no outsider speaks of.
    """
    heard = [source for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)]
    for source in ready:
        if source.kind not in (Kind.INTERNAL, Kind.UNTRUSTED) or not source.passage.structured:
            continue
        if source.given and Needle(leaf, frozenset()).within(source.given):
            continue  # what a tool was called with it does not know
        table, vouches = records_of(source.passage.text), source.kind is Kind.INTERNAL
        for record in table.holding(leaf, ids_only=not vouches):
            if _named(table.names(record, leaf, proper=vouches), heard):
                return source.passage.source
            if vouches and any(_first_name(one.passage.text, table.given_names(record)) for one in heard):
                return source.passage.source
        members = table.listing(leaf) if vouches and among == "all" else ()
        if any(_named(table.called(record), heard) for record in members):
            return source.passage.source
        listed = among and source.kind is Kind.INTERNAL and table.lists(leaf) and _for_named(source, heard)
        if listed and (among == "all" or not spoken_of(leaf, ready)):
            return source.passage.source
    return ""


def names_record(table: Records, record: Record, heard: Sequence[Source]) -> bool:
    """Whether the user's words name this record of a list: by a name, a person's first or last one, an address."""
    addresses = [value for value in record.values() if isinstance(value, str) and "@" in value]
    return _named([*table.names(record, None, proper=True), *addresses], heard) or any(
        _first_name(source.passage.text, table.given_names(record)) for source in heard
    )


def _named(names: Iterable[str], heard: Sequence[Source]) -> bool:
    return any(Needle(name, frozenset()).within(source.index, masked=False) for name in names for source in heard)


def _first_name(text: str, names: Iterable[str]) -> bool:
    """Whether the text speaks of somebody by one of these words, written as a name is."""
    said = (rf"(?:{_WITHIN}{name}|{_STARTING}{name}{_GOES_ON})(?![^\W_]|[@.-]\w)" for name in map(re.escape, names))
    return any(re.search(one, text) for one in said)


def spoken_of(leaf: Any, ready: Sequence[Source]) -> bool:
    """Whether a line of an outsider's says more than the value, or says it in code. A number is in any."""
    needle = Needle(leaf, frozenset())
    for index in (source.index for source in ready if source.kind is Kind.UNTRUSTED):
        if not isinstance(leaf, str) or needle.encoded(index):
            return True
        if any(needle.within(line) and len(line.squeezed) > 2 * len(squeeze(leaf)) for line in index.lines):
            return True
    return False


def _for_named(source: Source, heard: Sequence[Source]) -> bool:
    """Whether the tool was called with nothing but what the user named."""
    given = list(leaves(json.loads(source.passage.given), "")) if source.passage.given else []
    return bool(given) and all(any(Needle(leaf, frozenset()).within(one.index) for one in heard) for _, leaf in given)


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, leaf) of each text and number in a JSON value; keys that are no names of fields are texts too."""
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            if not _FIELD.fullmatch(str(key)):
                yield f"{path}.key[{number}]", str(key)
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from leaves(item, f"{path}[{place}]")
    elif isinstance(value, str):
        if value.strip():
            yield path, value
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        yield path, value


def trace_leaf(path: str, leaf: Any, ready: Sequence[Source], things: frozenset[str] = frozenset()) -> Trace:
    """Where one text or number comes from."""
    needle = Needle(leaf, names_of(path), things)
    for kind in Kind:
        found = [(source, how) for source in ready if source.kind is kind and (how := _stands(needle, source))]
        if found:
            return _made(path, kind, found, _suspect(needle, found) if kind is Kind.UNTRUSTED else "")
    for kind in Kind:
        coded = [
            (source, f"encoded:{how}") for source in ready if source.kind is kind and (how := _coded(needle, source))
        ]
        if coded:
            return _made(path, kind, coded, "encoded" if kind is Kind.UNTRUSTED else "")
    if isinstance(leaf, str) and len(leaf) >= _LONG:
        return _pieces(path, leaf, ready)
    return Trace(path=path, kind=Kind.UNTRACED)


def _suspect(needle: Needle, found: list[tuple[Source, str]]) -> str:
    """What speaks against every place in untrusted text where the value stands."""
    if not any(needle.within(source.clean) for source, _ in found):
        return "instruction"
    return "disguised" if all(how == "disguised" for _, how in found) else ""


def _stands(needle: Needle, source: Source) -> str:
    """How the value stands in the source, as far as the source vouches for it."""
    if source.kind is Kind.UNTRUSTED:
        return needle.within(source.index) or _field(needle, source)
    # A value that looks like another is not that other one; and what a tool only repeats, it does not know.
    how = needle.within(source.index, masked=False, loose=source.kind in _LOOSE) if needle.sound else ""
    how = how or _field(needle, source)
    return "" if how and source.given and needle.within(source.given) else how


def _field(needle: Needle, source: Source) -> str:
    """Whether a value that has to be named stands in a field that names it."""
    if not (needle.named and source.passage.structured):
        return ""
    return "exact" if needle.named_by(records_of(source.passage.text).fields(needle.text)) else ""


def _coded(needle: Needle, source: Source) -> str:
    if source.kind is not Kind.UNTRUSTED and (not needle.sound or source.given):
        return ""
    return needle.encoded(source.index)


def _made(path: str, kind: Kind, found: list[tuple[Source, str]], suspect: str) -> Trace:
    hows = [how for _, how in found]
    how = next((how for how in ("exact", "normalised") if how in hows), hows[0])
    names = tuple(sorted({source.passage.source for source, _ in found}))
    return Trace(path=path, kind=kind, how=how, sources=names, suspect=suspect)


def _pieces(path: str, text: str, ready: Sequence[Source]) -> Trace:
    """A long text, sentence by sentence. Its kind is that of its worst one."""
    kinds, names = set(), set()
    for piece in _PIECE.findall(text)[:200]:
        said = fold(piece).strip(" \"'()-*•.,;:!?")
        if len(said) < 12:  # noqa: PLR2004 - words that say nothing by themselves
            continue
        home = next((source for source in ready if said in source.index.folded), None)
        kinds.add(home.kind if home else Kind.UNTRACED)
        names |= {home.passage.source} if home else set()
    if not kinds or kinds == {Kind.UNTRACED}:
        return Trace(path=path, kind=Kind.UNTRACED)
    worst = max(kinds, key=_KINDS.index)
    return Trace(path=path, kind=worst, how="parts", sources=tuple(sorted(names)))
