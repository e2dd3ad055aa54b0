"""Use and mention: an order that somebody quotes in order to speak of it is not given.

What counts is the quotation itself and the words that lead up to it. Nothing outside the quotation marks gains by
them, so nobody switches the screen off by writing about injections elsewhere in a text.
"""

import re
from functools import cached_property

_QUOTED = re.compile(
    r"\"[^\"\n]{3,400}\"|\u201c[^\u201d\n]{3,400}\u201d|\u201e[^\u201c\u201d\n]{3,400}[\u201c\u201d]"
    r"|\u00ab[^\u00bb\n]{3,400}\u00bb|`[^`\n]{3,400}`|(?<!\w)'[^'\n]{3,400}'(?!\w)|\u300c[^\u300d\n]{3,400}\u300d"
)
_FENCED = re.compile(r"^```[^\n]{0,20}\n(?:[^\n]{0,400}\n){1,8}?```", re.MULTILINE)
_ANY = re.compile("[\"\u201c\u201e\u00ab`'\u300c>]")
_REACH = 800
"""Characters on each side of a sentence, within its line, in which its quotation begins and ends."""
_LEAD = 90
"""Characters before a quotation in which it has to be announced."""
_ANNOUNCED = re.compile(
    r"(?i)\b(?:say(?:s|ing)?|said|reads?|reading|e\.g|example|such as|like|call(?:s|ed|ing)?|told|tells|typed|wrote"
    r"|writes?|phrases?|strings?|sentences?|payloads?|prompts?|texts?|words?|lines?|inject\w*|attack\w*|jailbreak\w*"
    r"|contain(?:s|ed|ing)?|include[sd]?|asked|asks|request|commands?|orders?|instructions?|comment|message|body|variants?"
    r"|variables?|placed|hid(?:den)?|put|flags?|score[sd]?|types?|instead of|whereas|meme|titled?|named|quot\w*|means?"
    r"|replied|answered)\b"
)


class Mentions:
    """The quotations of a text that are announced as such; each line is looked at when it is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._quotes = _ANY.search(text) is not None
        self._of_line: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def around(self, start: int, end: int) -> str | None:
        """The sentence `text[start:end]` without what it quotes; None when it quotes nothing."""
        if not self._quotes:
            return None
        within = [(a, b) for a, b in self._spans(start, end) if a < end and b > start]
        if not within:
            return None
        kept, last = [], start
        for a, b in within:
            kept.append(self.text[last : max(last, a)])
            last = max(last, b)
        return " ".join([*kept, self.text[last:end]])

    def _spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Start and end of each announced quotation in the line around `text[start:end]`, and of the fence it is in."""
        text = self.text
        # Blocks of a long line are shared by the sentences in them, so each is looked through a few times at most.
        least, most = max(0, start // _REACH - 1) * _REACH, (end // _REACH + 2) * _REACH
        begin = max(least, text.rfind("\n", least, start) + 1)
        stop = text.find("\n", end, most)
        line = (begin, most if stop < 0 else stop)
        if line not in self._of_line:
            self._of_line[line] = self._in_line(*line)
        return [*self._of_line[line], *(span for span in self._fences if span[0] <= start < span[1])]

    def _in_line(self, begin: int, stop: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        last = -_LEAD
        if self.text[begin : begin + 1] == ">" and _ANNOUNCED.search(self.text, max(0, begin - _LEAD), begin):
            return [(begin, stop)]
        for quotation in _QUOTED.finditer(self.text, begin, stop):
            start, end = quotation.span()
            lead = self.text[max(0, start - _LEAD) : start]
            # In JSON every text stands in quotation marks, and a list of quotations is announced once.
            before = lead.rstrip()[-1:]
            of_data = before == "=" or (
                before in {":", "{", "[", ","} and self.text[end : end + 1] in {",", "}", "]", ":"}
            )
            if not of_data and (_ANNOUNCED.search(lead) or start - last < _LEAD // 3):
                found.append((start, end))
                last = end
        return found

    @cached_property
    def _fences(self) -> list[tuple[int, int]]:
        if "```" not in self.text:
            return []
        spans = [fence.span() for fence in _FENCED.finditer(self.text)]
        return [span for span in spans if _ANNOUNCED.search(self.text, max(0, span[0] - _LEAD), span[0])]
