"""Which part of a text an attack takes up, by what the screens found in it."""

import re

from lockgate.passage import Finding, Passage

LEAST_SCORE = 0.5
"""Findings below this are a hint, not evidence."""
SURE_ORDER = 0.8
"""An order that scores less taints no value: "please pay 40 to the account below" may as well be an honest bill. Its
values are untrusted all the same, so a person is asked where one steers a call, and nothing is denied for it."""
_BRIDGE = 400
"""Characters between two findings that belong to the same attack."""
_BREAK = re.compile(r"\n\s*\n|\\n\s*\\n|(?<!\\)\"[,}\]]|^- ", re.MULTILINE)


def without_attacks(passage: Passage) -> str:
    """The text but for the paragraphs that sure findings touch, and what stands between two findings close by."""
    text = passage.text
    if not (found := [one for one in attacks(passage) if one.kind != "instruction" or one.score >= SURE_ORDER]):
        return text
    kept, at = [], 0
    for start, end in _spans(text, found):
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "\n".join(kept)


def attacks(passage: Passage) -> list[Finding]:
    """Findings that say the text tries to steer the agent, or to hide something from a person."""
    return [finding for finding in passage.findings if finding.score >= LEAST_SCORE and not personal(finding)]


def personal(finding: Finding) -> bool:
    """Whether the finding is personal data or a secret: no attack in itself."""
    return finding.kind.startswith(("pii", "secret", "privacy"))


def _spans(text: str, found: list[Finding]) -> list[tuple[int, int]]:
    breaks = [(match.start(), match.end()) for match in _BREAK.finditer(text)]
    spans: list[tuple[int, int]] = []
    for finding in sorted(found, key=lambda finding: finding.start):
        start = max((end for _, end in breaks if end <= finding.start), default=0)
        end = min((begin for begin, _ in breaks if begin >= finding.end), default=len(text))
        if spans and start - spans[-1][1] <= _BRIDGE:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans
