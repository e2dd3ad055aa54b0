"""What a content repeats of a sentence that asks for such a call: `everybody must hear that the pier is closed`.

Nobody is named in it, and the words may be others in part. But most of what the content says for itself, the user's own
words left out, stands in that one sentence.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.additions import topics
from lockgate.guardrails.provenance.folding import fold
from lockgate.guardrails.provenance.intent import effects_of, ordered
from lockgate.guardrails.provenance.tracing import Source, leaves
from lockgate.spec import ToolSpec

_LEAST = 3
"""Words of a content that say what it is about, and stand in such a sentence by no chance."""
_SHARE = 0.5
"""Of the content's own words, those that must stand in it."""
_LEAVES = 12
"""Texts of a call that are looked at."""


def echoed(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Iterator[Trace]:
    """The traces of texts among the content of an effect that repeat such a sentence."""
    wanted = effects_of(spec.name, spec.description)
    texts = [source for source in ready if source.kind is Kind.UNTRUSTED] if wanted else []
    said = topics(" ".join(source.index.folded for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)))
    for name, value in args.items() if texts else ():
        if name in spec.sensitive:
            continue
        for path, leaf in islice(leaves(value, name), _LEAVES):
            own = topics(fold(leaf)) - said if isinstance(leaf, str) else frozenset()
            homes = [source.passage.source for source in texts if len(own) >= _LEAST and _repeats(own, source, wanted)]
            if homes:
                yield Trace(path=path, kind=Kind.UNTRUSTED, how="echoed", sources=tuple(sorted({*homes})))


def _repeats(own: frozenset[str], source: Source, wanted: frozenset[str]) -> bool:
    least = max(_LEAST, _SHARE * len(own))
    return any(
        sum(map(sentence.__contains__, own)) >= least  # which costs little, and most sentences go no further
        and len(own & topics(sentence)) >= least
        and ordered(sentence) & wanted
        for sentence in source.index.sentences
    )
