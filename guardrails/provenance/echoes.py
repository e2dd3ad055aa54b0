"""What a content repeats of a sentence that asks for such a call: `everybody must hear that the pier is closed`.

Nobody is named in it, and the words may be others in part. But most of what the content says for itself, the user's own
words left out, stands in that one sentence. Where a text says what others are to write (`a summary has to mention that
...`) one sentence of the content will do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.additions import SHORTEST_TOPIC, topics, topics_of
from lockgate.guardrails.provenance.content import read
from lockgate.guardrails.provenance.folding import fold
from lockgate.guardrails.provenance.index import index_of
from lockgate.guardrails.provenance.intent import effects_of, ordered
from lockgate.guardrails.provenance.tracing import Source, leaves
from lockgate.guardrails.provenance.verbs import DEMANDED
from lockgate.spec import ToolSpec

_LEAST = 3
"""Words of a content that say what it is about, and stand in such a sentence by no chance."""
_SHARE = 0.5
"""Of the content's own words, those that must stand in it."""
_LEAVES = 12
"""Texts of a call that are looked at."""
_FIGURE = re.compile(r"\d[\d.,:]*\d|\d")
_STRETCH = 200
"""Words of a content that are looked at before it may be too long."""


def echoed(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Iterator[Trace]:
    """The traces of texts among the content of an effect that repeat such a sentence."""
    wanted = effects_of(spec.name, spec.description)
    texts = [source for source in ready if source.kind is Kind.UNTRUSTED] if wanted else []
    said = topics(" ".join(source.index.folded for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)))
    for name, value in args.items() if texts else ():
        if name in spec.sensitive:
            continue
        for path, leaf in islice(leaves(value, name), _LEAVES):
            own = _own(leaf, said, texts) if isinstance(leaf, str) else frozenset()
            homes = [source.passage.source for source in texts if len(own) >= _LEAST and _repeats(own, source, wanted)]
            homes += [source.passage.source for source in texts if isinstance(leaf, str) and _obeys(leaf, said, source)]
            if homes:
                yield Trace(path=path, kind=Kind.UNTRUSTED, how="echoed", sources=tuple(sorted({*homes})))


def _obeys(leaf: str, said: frozenset[str], source: Source) -> bool:
    """Whether a sentence of the content says what the text wants such contents to say."""
    wished = [
        _matter(one)
        for view in (source.index, *read(source.index))
        if DEMANDED.search(view.bare)
        for one in view.sentences
        if DEMANDED.search(one)
    ]
    if not wished:
        return False
    for sentence in index_of(leaf).sentences:
        own = _matter(sentence) - said
        if any(len(own & wish) >= max(_LEAST, _SHARE * len(own)) for wish in wished):
            return True
    return False


def _matter(sentence: str) -> frozenset[str]:
    """What a sentence is about, its figures too."""
    return topics(sentence) | {*_FIGURE.findall(sentence)}


def _own(leaf: str, said: frozenset[str], texts: Sequence[Source]) -> frozenset[str]:
    """What a content is about, the user's own words left out; nothing when no sentence of a text can say half of it."""
    tokens, found = fold(leaf).split(), frozenset[str]()
    for at in range(0, len(tokens), _STRETCH):
        found |= topics_of(tokens[at : at + _STRETCH]) - said
        if not at:
            continue  # a short one is looked at whatever it says
        longest = max((len(one) for text in texts for one in text.index.sentences), default=0)
        if len(found) * _SHARE * SHORTEST_TOPIC > longest:
            return frozenset()
    return found


def _repeats(own: frozenset[str], source: Source, wanted: frozenset[str]) -> bool:
    least = max(_LEAST, _SHARE * len(own))
    shortest = least * SHORTEST_TOPIC  # most sentences go no further
    return any(
        len(sentence) >= shortest and len(own & topics(sentence)) >= least and ordered(sentence) & wanted
        for sentence in source.index.sentences
    )
