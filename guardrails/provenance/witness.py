"""`examine`: the evidence about one call in the texts of its session."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import PydanticUndefined

from lockgate.decision import Call
from lockgate.evidence import Asked, Evidence, Kind, Trace
from lockgate.guardrails.provenance.additions import added
from lockgate.guardrails.provenance.clauses import among, stems_of
from lockgate.guardrails.provenance.content import carried, dictated, filled
from lockgate.guardrails.provenance.diverted import diverted, swayed
from lockgate.guardrails.provenance.echoes import echoed
from lockgate.guardrails.provenance.folding import fold, squeeze
from lockgate.guardrails.provenance.instructions import attacks
from lockgate.guardrails.provenance.intent import asked, bidden, decodes, delegated, speaks_of, strange
from lockgate.guardrails.provenance.needle import things_of
from lockgate.guardrails.provenance.repeats import repeats
from lockgate.guardrails.provenance.secrets import marked, secrets_in, tokens
from lockgate.guardrails.provenance.spelled import hidden, spelled
from lockgate.guardrails.provenance.tracing import KIND_OF, Source, kind_of, leaves, sources, trace_in
from lockgate.guardrails.provenance.verbs import AGAIN, CONTACTS, LINKS, MANY, PAGES
from lockgate.labels import Integrity, Label
from lockgate.passage import Passage
from lockgate.ports import History
from lockgate.spec import ToolSpec

_SECRET = 5
"""Letters and digits of a secret that is also found when it is spaced otherwise."""
_ANY = 1_000
"""More links than any content has."""
_ADDRESS = re.compile(r"\s*(?:\w+://|www\.|(?:[\w-]+\.)+\w{2,}(?:/|$))", re.IGNORECASE)


_HOST = re.compile(r"^\w+://(?:www\.)?|^www\.")


def examine(args: Mapping[str, Any], spec: ToolSpec, history: History) -> Evidence:
    """Where the validated arguments come from, and what the session has seen that bears on them."""
    passages, ready = history.passages, sources(history.passages)
    hands_on = delegated(passages)
    wants = asked(spec, passages) if spec.effect else _visit(args, spec, passages, hands_on=hands_on)
    untrusted = [passage for passage in passages if kind_of(passage) is Kind.UNTRUSTED]
    traces = _traced(args, spec, passages, ready, named=wants is Asked.YES)
    repeated, again = _again(args, spec, passages, ready)
    dictated_paths: tuple[str, ...] = ()
    if again:
        dictated_paths = tuple(trace.path for trace in traces)
    elif untrusted or (wants is not Asked.YES and any(source.kind is Kind.INTERNAL for source in ready)):
        duty = bidden(spec, passages)
        dictated_paths = _dictated(args, spec, ready, traces, hands_on=hands_on, duty=duty, wants=wants)
    handed = hands_on and wants is Asked.YES
    return Evidence(
        traces=tuple(traces),
        asked=wants,
        untrusted=bool(untrusted) or history.trust.integrity >= Integrity.UNTRUSTED,
        private=history.trust.readers is not None or any(p.label.readers is not None for p in passages),
        attacks=tuple(sorted({finding.kind for passage in untrusted for finding in attacks(passage)})),
        secrets=_leaking(args, passages, ready),
        carried=_carried(args, spec, ready, passages, handed=handed) if untrusted else (),
        dictated=dictated_paths,
        repeated=repeated,
    )


def _visit(args: Mapping[str, Any], spec: ToolSpec, passages: Sequence[Passage], *, hands_on: bool) -> Asked:
    """Whether the user asked for a read: known only of pages, of which nobody spoke."""
    spoken = hands_on or speaks_of(PAGES, passages) or strange(passages)
    return Asked.NO if _addresses(args, spec) and not spoken else Asked.UNCLEAR


def _traced(
    args: Mapping[str, Any], spec: ToolSpec, passages: Sequence[Passage], ready: Sequence[Source], *, named: bool
) -> list[Trace]:
    """Where each value comes from, less what the user allowed for, and what speaks against it all the same."""
    several = among(spec, (p.text for p in passages if p.source == "user")) if named else ""
    things = things_of(spec.name, spec.description)
    traces: list[Trace] = []
    for name, value in args.items():
        found = trace_in(value, ready, name, named=named, among=several, things=things)
        traces += [_default(trace) if is_default(spec, name, value) else trace for trace in found]
        traces += [_flag(spec, name, value, passages)] if isinstance(value, bool) else []
    traces = [_filled(trace, args, ready) for trace in _excused(traces, passages)]
    if not spec.effect and _addresses(args, spec):
        traces = [_one_of_many(trace, args, spec, ready) for trace in traces]
    if any(source.kind is Kind.UNTRUSTED for source in ready):
        traces = diverted(args, spec, traces, passages, ready)
        traces = [swayed(trace, args, spec, ready) for trace in traces] if several == "one" else traces
    return traces


def _again(
    args: Mapping[str, Any], spec: ToolSpec, passages: Sequence[Passage], ready: Sequence[Source]
) -> tuple[bool, bool]:
    """Whether the call has run before, beside texts of others, and whether one of these wants it a second time.

    What others wrote into a system of the deployer's may want it as well.
    """
    own = f"tool:{spec.name}"
    written = [
        source.index
        for source in ready
        if source.kind is Kind.UNTRUSTED or (source.kind is Kind.INTERNAL and source.passage.source != own)
    ]
    repeated = bool(written) and repeats(args, spec, passages)
    wished = repeated and not speaks_of(AGAIN, passages)
    return repeated, wished and any(AGAIN.search(index.bare) for index in written)


def _carried(
    args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source], passages: Sequence[Passage], *, handed: bool
) -> tuple[Trace, ...]:
    """Of an effect: what stands against its content, less what the user allowed for."""
    if not spec.effect:
        return ()
    links = _ANY if handed or speaks_of(MANY, passages) else int(speaks_of(LINKS, passages))
    found = [*carried(args, spec, ready, links=links, contacts=handed or speaks_of(CONTACTS, passages))]
    if not handed:
        found += added(args, spec, ready)
    if not delegated(passages):
        found += echoed(args, spec, ready)
    return tuple(trace for trace in _excused(found, passages) if trace.suspect or trace.how != "parts")


def _dictated(
    args: Mapping[str, Any],
    spec: ToolSpec,
    ready: Sequence[Source],
    traces: Sequence[Trace],
    *,
    hands_on: bool,
    duty: bool,
    wants: Asked,
) -> tuple[str, ...]:
    """A text that the user told the agent to follow may word what goes to those whom the user named.

    `duty`: the operator's own words speak of such calls. Then one that trusted sources bear out is no text's.
    """
    good = (Kind.USER, Kind.OPERATOR, Kind.TRUSTED)
    steering = {trace.path: trace.kind for trace in traces if _argument(trace.path) in spec.sensitive}
    found = {*dictated(args, spec, ready)}
    # A letter may well name the order that the shop's own books hold, where refunds are what the agent is for.
    if not (wants is Asked.UNCLEAR and duty and steering and {*steering.values()} <= {*good}):
        sure = bool(spec.sensitive) and not strange([source.passage for source in ready])
        found |= {*_spelled(args, spec, ready, wants, sure=sure)}
    if hands_on and not set(good).isdisjoint(steering.values()):
        found &= {*steering}
    return tuple(trace.path for trace in traces if trace.path in found)


def _spelled(
    args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source], wants: Asked, *, sure: bool
) -> tuple[str, ...]:
    """What a line spells out, in whatever language, of a call that the user did not plainly ask for.

    Where the user's words are not understood one value will do, for then a person is asked. `sure`: that they ask for
    it can be relied on.
    """
    if not spec.effect:
        return ()
    coded = () if decodes([source.passage for source in ready]) else hidden(args, spec, ready)
    if wants is Asked.YES and sure:
        return coded
    alone = sum(1 for name, value in args.items() for _ in leaves(value, name)) == 1
    least = 1 if wants is Asked.UNCLEAR or alone else 2
    return (*coded, *spelled(args, spec, ready, least=least, unasked=wants is Asked.NO))


def _argument(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _flag(spec: ToolSpec, name: str, value: bool, passages: Sequence[Passage]) -> Trace:
    """Where a flag comes from: its author's default, or the user who speaks of what it is called by."""
    if is_default(spec, name, value):
        return Trace(path=name, kind=Kind.OPERATOR, how="default", sources=("operator",))
    stems = "|".join(map(re.escape, stems_of(name)))
    if stems and speaks_of(re.compile(rf"\b(?:{stems})"), passages):
        return Trace(path=name, kind=Kind.USER, how="named", sources=("user",))
    return Trace(path=name, kind=Kind.UNTRACED)


def _filled(trace: Trace, args: Mapping[str, Any], ready: Sequence[Source]) -> Trace:
    if trace.kind is not Kind.UNTRACED:
        return trace
    leaf = next(
        (leaf for name, value in args.items() for path, leaf in leaves(value, name) if path == trace.path), None
    )
    if not isinstance(leaf, str) or not _ADDRESS.match(leaf):
        return trace
    return replace(trace, suspect="filled" if filled(leaf, ready) else _extended(leaf, ready))


def _extended(address: str, ready: Sequence[Source]) -> str:
    """`extended` where nobody gave the address, and only outsiders or an internal system named its host."""
    host = _host(address)
    kinds = {source.kind for source in ready if host in source.index.folded} if host else set()
    return "extended" if kinds and kinds <= {Kind.INTERNAL, Kind.UNTRUSTED} else ""


def _one_of_many(trace: Trace, args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Trace:
    """`extended` too: a second address at a host that only outsiders named. Which of many is opened tells something."""
    leaf = next((one for name, value in args.items() for path, one in leaves(value, name) if path == trace.path), None)
    if trace.kind is not Kind.UNTRUSTED or trace.suspect or not isinstance(leaf, str) or not _ADDRESS.match(leaf):
        return trace
    opened = [source.passage.given for source in ready if source.passage.source == f"tool:{spec.name}"]
    before = {
        fold(one) for given in opened if given for _, one in leaves(json.loads(given), "") if isinstance(one, str)
    }
    others = {one for one in before if _host(one) == _host(leaf)} - {fold(leaf)}
    return replace(trace, suspect=_extended(leaf, ready)) if others else trace


def _host(address: str) -> str:
    return _HOST.sub("", fold(address)).partition("/")[0].partition("?")[0]


def _addresses(args: Mapping[str, Any], spec: ToolSpec) -> bool:
    """Whether a sensitive argument is an address of a page."""
    return any(
        isinstance(leaf, str) and _ADDRESS.match(leaf)
        for name, value in args.items()
        if name in spec.sensitive
        for _, leaf in leaves(value, name)
    )


def vouched(args: Mapping[str, Any], label: Label) -> Evidence:
    """The evidence about a call that the operator's own graph makes, of arguments that all bear `label`."""
    kind, names = KIND_OF[label.integrity], tuple(sorted(label.sources)) or ("operator",)
    found = [path for name, value in args.items() for path, _ in leaves(value, name)]
    return Evidence(
        traces=tuple(Trace(path=path, kind=kind, sources=names) for path in found),
        asked=Asked.YES,
        untrusted=label.integrity >= Integrity.UNTRUSTED,
        private=label.readers is not None,
    )


def _excused(traces: list[Trace], passages: Sequence[Passage]) -> list[Trace]:
    """What the user allowed for is no sign of an attack: text in code, or orders that the agent is to follow."""
    if not any(trace.suspect for trace in traces):
        return traces
    excuses = {"encoded"} if decodes(passages) else set()
    excuses |= {"instruction"} if delegated(passages) or strange(passages) else set()
    return [replace(trace, suspect="") if trace.suspect in excuses else trace for trace in traces]


def edited(evidence: Evidence, before: Mapping[str, Any], call: Call) -> Evidence:
    """The evidence for `call`, which a person made of the arguments `before`: what changed is the person's word."""
    old = {path: leaf for name, value in before.items() for path, leaf in leaves(value, name)}
    kept = {trace.path: trace for trace in evidence.traces}
    source = (f"user:{call.edited_by}",)
    traces = [
        kept[path]
        if path in kept and path in old and _same(old[path], leaf)
        else Trace(path=path, kind=Kind.USER, how="edit", sources=source)
        for name, value in call.args.items()
        for path, leaf in leaves(value, name)
    ]
    touched = {trace.path for trace in traces if trace.how == "edit"}
    secrets = tuple(path for path in evidence.secrets if path not in touched)
    return replace(
        evidence,
        traces=tuple(traces),
        secrets=secrets,
        carried=tuple(trace for trace in evidence.carried if trace.path not in touched),
        dictated=tuple(path for path in evidence.dictated if path not in touched),
        repeated=evidence.repeated and not touched,
    )


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def is_default(spec: ToolSpec, name: str, value: Any) -> bool:
    """Whether the value is the one the tool's author gave the argument."""
    field = spec.args_model.model_fields.get(name)
    return field is not None and field.default is not PydanticUndefined and _same(field.default, value)


def _default(trace: Trace) -> Trace:
    if trace.kind in (Kind.USER, Kind.OPERATOR):
        return trace
    return Trace(path=trace.path, kind=Kind.OPERATOR, how="default", sources=("operator",))


def _leaking(args: Mapping[str, Any], passages: Sequence[Passage], ready: Sequence[Source]) -> tuple[str, ...]:
    """Paths of texts that carry a secret of which the user's words say nothing."""
    texts = [
        (path, leaf) for name, value in args.items() for path, leaf in leaves(value, name) if isinstance(leaf, str)
    ]
    texts = [(path, leaf) for path, leaf in texts if any(char.isdigit() for char in leaf)]
    known: dict[str, str] = {}
    for passage in passages if texts else ():
        if passage.source.startswith(("tool:", "agent", "memory")):
            known |= secrets_in(passage.text) | marked(passage)
    if not known:
        return ()
    said = " ".join(fold(source.passage.text) for source in ready if source.kind in (Kind.USER, Kind.OPERATOR))
    spoken = {word.removesuffix("s") for word in re.findall(r"[^\W_]+", said)}
    closed = {secret for secret, kind in known.items() if fold(secret) not in said and kind.split()[-1] not in spoken}
    bare = [one for secret in closed if len(one := squeeze(fold(secret))) >= _SECRET]
    return tuple(
        path
        for path, leaf in texts
        if not closed.isdisjoint(tokens(leaf)) or any(one in squeeze(fold(leaf)) for one in bare)
    )
