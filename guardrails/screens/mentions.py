"""Use and mention: an order that somebody quotes in order to speak of it is not given.

What counts is the quotation itself and the words that lead up to it. Nothing outside the quotation marks gains by
them, so nobody switches the screen off by writing about injections elsewhere in a text.
"""

import re
from functools import cached_property

_QUOTED = re.compile(
    r"\"[^\"\n]{3,400}\"|\u201c[^\u201d\n]{3,400}\u201d|\u201e[^\u201c\u201d\n]{3,400}[\u201c\u201d]|\u00ab[^\u00bb\n]{3,400}\u00bb"
    r"|`[^`\n]{3,400}`|(?<!\w)'[^'\n]{3,400}'(?!\w)|\u300c[^\u300d\n]{3,400}\u300d"
    r"|^```[^\n]{0,20}\n(?:[^\n]{0,400}\n){1,8}?```|(?:^>[^\n]{0,400}\n?){1,8}",
    re.MULTILINE,
)
_LEAD = 90
"""Characters before a quotation in which it has to be announced."""
_ANNOUNCED = re.compile(
    r"(?i)\b(?:say(?:s|ing)?|said|reads?|reading|e\.g|example|such as|like|call(?:s|ed|ing)?|told|tells|typed|wrote|writes?"
    r"|phrases?|strings?|sentences?|payloads?|prompts?|texts?|words?|lines?|inject\w*|attack\w*|jailbreak\w*"
    r"|contain(?:s|ed|ing)?|include[sd]?|asked|asks|request|commands?|orders?|instructions?|comment|message|body|variants?"
    r"|variables?|placed|hid(?:den)?|put|flags?|score[sd]?|types?|instead of|whereas|meme|titled?|named|quot\w*|means?"
    r"|replied|answered)\b"
)


class Mentions:
    """The quotations of a text that are announced as such; found when they are first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and end of each announced quotation, in order."""
        found: list[tuple[int, int]] = []
        last = -_LEAD
        for quotation in _QUOTED.finditer(self.text):
            start, end = quotation.span()
            lead = self.text[max(0, start - _LEAD) : start]
            # In JSON every text stands in quotation marks, and a list of quotations is announced once.
            of_data = lead.rstrip()[-1:] in {":", "{", "[", ","} and self.text[end : end + 1] in {",", "}", "]", ":"}
            if not of_data and (_ANNOUNCED.search(lead) or start - last < _LEAD // 3):
                found.append((start, end))
                last = end
        return found

    def around(self, start: int, end: int) -> str | None:
        """The sentence `text[start:end]` without what it quotes; None when it quotes nothing."""
        within = [(a, b) for a, b in self.spans if a < end and b > start]
        if not within:
            return None
        kept, last = [], start
        for a, b in within:
            kept.append(self.text[last : max(last, a)])
            last = max(last, b)
        return " ".join([*kept, self.text[last:end]])
