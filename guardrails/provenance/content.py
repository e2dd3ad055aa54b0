"""What a call would carry besides its sensitive arguments, and whether a text, not the user, dictates the call.

A person whom the user named can be sent what somebody else wants said. Then no sensitive argument is in doubt; what
tells is the content (a link, a sentence that stands only in an order or in code) or that a text spells the call out.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import re2

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.encodings import decoded
from lockgate.guardrails.provenance.folding import fold, squeeze
from lockgate.guardrails.provenance.index import Index, occurrences
from lockgate.guardrails.provenance.intent import effects_of, ordered
from lockgate.guardrails.provenance.needle import bounded
from lockgate.guardrails.provenance.tracing import Source, leaves, trace_leaf
from lockgate.spec import ToolSpec

_LINK = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>\"']+|(?<![\w@./-])(?:[\w-]+\.)+[a-z]{2,}/[^\s<>\"']*", re.IGNORECASE
)
_HOSTS = (
    r"com|net|org|info|biz|io|co|app|dev|ai|me|tv|cc|xyz|online|site|shop|store|club|top|link|click|live|page|cloud|tech|"
    r"example|test|eu|de|fr|es|it|nl|pl|uk|us|ca|au|ch|at|se|no|dk|fi|be|cz|pt|br|in|cn|jp|kr|ru|tr|mx|za"
)
"""What the names of common hosts end with; files and sentences without a space after them end otherwise."""
_REACHED = re.compile(
    rf"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@./-])(?:[a-z][\w-]*\.)+(?:{_HOSTS})(?![\w(@-]|\.\w)", re.IGNORECASE
)
_NUMBER = re.compile(
    r"\b[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b"
    r"|(?<![\w.,:/-])(?<!\d )(?:\+|\(?0)\d?[\d ()/-]{6,}\d(?![\w:-])"
)
_MAY_REACH = re2.compile(r"@|\.[A-Za-z]{2}")
_MAY_NUMBER = re2.compile(r"[A-Z]{2}\d\d|(?:^|[^\w.,:/-])(?:\+|\(?0)[\d ()/-]")
"""Where one of these may stand: most texts have no such place, and RE2 says so at once."""
_PHONE = range(7, 16)
"""Digits of a phone number (ITU-T E.164 has fifteen at most)."""
_OTHERS = (Kind.UNTRUSTED, Kind.UNTRACED)
_EDGE = ".,;:!?)]}'\""
_PIECE = re.compile(r"[^\n.!?;]+")
_MOST = 24
"""Links and sentences of one call that are looked at, and places in a text where a value stands."""
_SENTENCE = 16
"""Letters and digits of a sentence that stands nowhere by chance."""
_SENT, _CODE = 8, 5
"""Letters and digits of a piece of data in an address; fewer will do with a digit among them."""
_VALUE = 5
"""Letters and digits of a value that is found in orders."""
_BEFORE, _AFTER = 240, 120
_BOUND = re.compile(r"\n\s*\n|(?<!\\)\"\s*[,}\]:]|(?<!\\)\"(?=\w)")

_STOP = re.compile(r"[.!?]\s")


def carried(
    args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source], *, links: int, contacts: bool
) -> tuple[Trace, ...]:
    """What stands against the content of a call: parts that only an order or a code holds, and links of others.

    Links that outsiders wrote count, but for as many as the user spoke of; so do mail addresses, hosts, accounts and
    phone numbers, unless the user spoke of such (`contacts`).
    """
    found: list[Trace] = []
    for name, value in args.items():
        if name in spec.sensitive:
            continue
        for path, leaf in list(leaves(value, name))[:_MOST]:
            if isinstance(leaf, str):
                found += _parts(path, leaf, ready, links=links)
                found += () if contacts or links else _reached(path, leaf, ready)
    return tuple(found[:_MOST])


def _parts(path: str, text: str, ready: Sequence[Source], *, links: int) -> Iterator[Trace]:
    links_in = [*_links(text)]
    addresses = [*dict.fromkeys(link.rstrip(_EDGE) for link in links_in)][:_MOST]
    traces = [trace_leaf(path, address, ready) for address in addresses]
    others = {address for address, trace in zip(addresses, traces, strict=True) if trace.kind in _OTHERS}
    for trace in traces:
        # Who wants a link passed on wants one: of two, somebody else may have added the second.
        if trace.suspect or (trace.kind in _OTHERS and len(others) > links):
            yield trace
    bare = text
    for link in sorted(set(links_in), key=len, reverse=True)[:_MOST]:
        bare = bare.replace(link, " ")
    for piece in dict.fromkeys([text, *_PIECE.findall(bare)[:_MOST]]):
        if why := _only_there(piece, ready):
            yield Trace(path=path, kind=Kind.UNTRUSTED, how="parts", sources=why[1], suspect=why[0])


def _reached(path: str, text: str, ready: Sequence[Source]) -> Iterator[Trace]:
    """Where the content says that somebody can be reached or paid, as only outsiders say, or nobody."""
    for found in dict.fromkeys(_contacts(unicodedata.normalize("NFKC", text))):
        trace = trace_leaf(path, found, ready)
        if trace.kind in _OTHERS:
            yield replace(trace, how=trace.how or "contact")


def _contacts(text: str) -> Iterator[str]:
    sound = text.encode("utf-8", "replace").decode()
    if _MAY_REACH.search(sound):
        for word in text.split():
            if "." in word or "@" in word:
                yield from (match.group() for match in _REACHED.finditer(word))
    for match in _NUMBER.finditer(text) if _MAY_NUMBER.search(sound) else ():
        if sum(map(str.isdigit, match.group())) in _PHONE or match.group()[0].isalpha():
            yield match.group().strip()


def _links(text: str) -> Iterator[str]:
    """The links in a text. Only words that may hold one are looked at: that takes a quarter of the time."""
    www = "www." in text.lower()
    for word in text.split():
        if "/" in word or (www and "www." in word.lower()):
            yield from (match.group() for match in _LINK.finditer(word))


def _only_there(piece: str, ready: Sequence[Source]) -> tuple[str, tuple[str, ...]] | None:
    """What speaks against every place in untrusted text where the sentence stands, and these places."""
    said = fold(piece).strip(" \"'()-*\u2022.,;:!?")
    if len(squeeze(said)) < _SENTENCE:
        return None
    ordered_in: list[str] = []
    coded_in: list[str] = []
    for source in ready:
        if source.kind is not Kind.UNTRUSTED:
            if said in source.index.folded:
                return None
        elif said in source.clean.folded:
            return None
        elif said in source.index.bare:
            ordered_in.append(source.passage.source)
        elif any(said in view.bare for view in read(source.index)):
            coded_in.append(source.passage.source)
    if ordered_in:
        return "instruction", tuple(sorted({*ordered_in, *coded_in}))
    return ("encoded", tuple(sorted(set(coded_in)))) if coded_in else None


def filled(address: str, ready: Sequence[Source]) -> bool:
    """Whether an address that no text holds takes a tool's data, which the user did not say, to a host of others."""
    parts = _LINK.fullmatch(address.strip()) and urlsplit(address if "://" in address else f"//{address}")
    if not parts or not parts.netloc:
        return False
    host = fold(parts.netloc)
    if any(host in source.index.folded for source in ready if source.kind in (Kind.USER, Kind.OPERATOR, Kind.TRUSTED)):
        return False
    sent = [unquote_plus(piece) for piece in re.split(r"[/?&=#;]", f"{parts.path}?{parts.query}#{parts.fragment}")]
    return any(_told(plain, ready) for piece in sent for plain in _plain(piece))


def _plain(piece: str) -> Iterator[str]:
    """A piece of an address that may be data, and what it says in code."""
    for said in (piece, *(text for _, text in decoded(piece))):
        size = len(squeeze(said))
        if size >= _SENT or (size >= _CODE and any(char.isdigit() for char in said)):
            yield fold(said)


def _told(piece: str, ready: Sequence[Source]) -> bool:
    holding = [source.kind for source in ready if piece in source.index.folded]
    return bool(holding) and not {Kind.USER, Kind.OPERATOR}.intersection(holding)


def dictated(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> tuple[str, ...]:
    """Paths of the values that an untrusted text names where it asks for what the tool does.

    For a sensitive argument even the user's own value counts: `send the report to Ann` in a letter is no request of
    the user's to write to Ann. Of content, only what the user did not say.
    """
    wanted = effects_of(spec.name, spec.description) if spec.effect else frozenset({"visit"})
    outsiders = any(source.kind is Kind.UNTRUSTED for source in ready)
    # Where nothing else was read, an entry in a system of the deployer's may have been written to steer the agent too.
    heard = (Kind.UNTRUSTED,) if spec.effect and outsiders else (Kind.UNTRUSTED, Kind.INTERNAL)
    texts = [view for source in ready if source.kind in heard for view in (source.index, *read(source.index))]
    said = [source.index for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)]
    found: list[str] = []
    for name, value in args.items() if texts else ():
        sensitive = name in spec.sensitive
        if not (sensitive or spec.effect):
            continue
        for path, leaf in list(leaves(value, name))[:_MOST]:
            text = fold(str(leaf))
            if len(squeeze(text)) < (_VALUE - 2 if sensitive else _VALUE):
                continue
            if not sensitive and any(text in index.folded for index in said):
                continue
            if any(_ordered(index.bare, text, wanted) for index in texts):
                found.append(path)
    return tuple(found)


def read(index: Index) -> Iterator[Index]:
    """What the text says to one who decodes it."""
    for _, view in index.views:
        yield view
    yield index.turned
    yield index.backwards


def _ordered(text: str, value: str, wanted: frozenset[str]) -> bool:
    for count, at in enumerate(occurrences(text, value)):
        if count >= _MOST:
            return False
        end = at + len(value)
        if not bounded(text, at, end):
            continue
        start = max(0, at - _BEFORE)
        head = _BOUND.split(text[start:at])[-1]
        tail = _STOP.split(_BOUND.split(text[end : end + _AFTER])[0])[0]
        if ordered(f"{head} {tail}") & wanted:
            return True
    return False
