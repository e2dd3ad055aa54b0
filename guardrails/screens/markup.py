"""Markup that hides what it holds: comments, and elements that a browser does not show.

What counts is what a browser makes of it: attributes are read with their character references, comments and escapes of
CSS undone, and an element ends at its own closing tag, whatever other tags stand in it. Whether what is hidden is an
order is for the caller to judge, because most of it is harmless.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

import re2

_MARKUP = re2.compile(
    r"(?is)<!--.*?--!?>|<[!?][^<>\[-][^<>]{20,}>"
    r"|<[a-z][a-z0-9]*[\s/](?:=\s*\"[^\"]*\"|=\s*'[^']*'|[^<>])*?(?:style|hidden|color)"
    r"(?:=\s*\"[^\"]*\"|=\s*'[^']*'|[^<>])*>"
    r"|\[(?://|comment)\]:\s*[#<>]+\s*[(\"'][^\n]*"
)
_NAME = re.compile("[a-zA-Z0-9]+")
_SHORTEST = 12
"""Characters of the shortest order."""
_MAX_ATTRIBUTES = 2_000
_MAX_WHITE = 1_000
"""Characters of an element in white that may be hidden; a larger one is likely to stand on another colour."""
_VOID = "area base br col embed hr img input link meta source track wbr"
_HOLDING = """
    a abbr address article aside b blockquote body button caption center cite code dd del details div dl dt em fieldset
    figcaption figure font footer form h1 h2 h3 h4 h5 h6 header i ins label legend li main mark nav ol option p pre q s
    samp section select small span strike strong sub summary sup svg table tbody td text textarea tfoot th thead tr tt
    u ul var
"""
"""Elements that hold text. Others, which anybody can make up without end, are taken to end at the next tag."""
_EMPTY_NAMES, _NAMES = frozenset(_VOID.split()), frozenset(_HOLDING.split())
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_COMMENT = re.compile(r"/\*.*?\*/")
_ESCAPE = re.compile(r"\\([0-9a-f]{2,6})\s?")
_AROUND = re.compile(r"\s*([:;,()!=])\s*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ENDS = r"(?=[;\"'!}\\>]|$)"
_NIL = r"(?:0+(?:\.0*)?|\.0+)"
_FLAGS = re.compile(r"\s(?:hidden(?![\w-])|aria-hidden=[\\\"']{0,2}true)")
_UNSEEN = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|mso-hide:all|type=[\"']?hidden|color:transparent"
    rf"|font-size:(?:{_NIL}|0*\.\d+(?:px|pt)|1(?:\.\d*)?(?:px|pt)|0*\.[01]\d*(?:em|rem|ex|ch|vw)|[0-5](?:\.\d*)?%)"
    rf"(?:px|pt|em|rem|ex|ch|vw|%)?{_ENDS}|font:{_NIL}(?:px|pt|em)?[\s/;]|(?:zoom|line-height):{_NIL}{_ENDS}"
    rf"|opacity:(?:{_NIL}|0*\.0\d*)%?{_ENDS}"
    r"|(?:left|top|right|bottom|text-indent|margin-left|margin-top):-\d{3,}|translate[xy]?\(-\d{4,}"
    rf"|clip:rect\([01]|clip-path:(?:inset\((?:50|100)%|circle\(0)|scale[xy]?\({_NIL}[,)]"
    rf"|(?<![\w-])(?:max-)?(?:height|width):[01](?:px)?{_ENDS}"
    rf"|color:(?:#[0-9a-f]{{3}}0(?![0-9a-f])|#[0-9a-f]{{6}}0[0-9a-f]|(?:rgb|hsl)a?\((?:[^,)/ ]+[,/ ]+){{3}}{_NIL}%?\))"
)
_WHITE = re.compile(
    r"(?<![\w-])(?:-webkit-text-fill-)?color[:=][\"']?(?:white|snow|ivory|ghostwhite|floralwhite|whitesmoke|azure|mintcream"
    r"|aliceblue|honeydew|seashell|#(?:f{3}f?|(?:f[0-9a-f]){3,4})(?![0-9a-f])"
    r"|rgba?\((?:(?:2[45]\d|9[5-9](?:\.\d*)?%|100%)[,/ ]*){3}|hsla?\([^()]{1,40}?(?:9[5-9]|100)%)"
)


def hiding_markup(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, what is hidden there and how, for each piece of markup that hides text; linear in its length."""
    if "<" not in text and "]:" not in text:
        return
    elements, past = _Elements(text), 0
    for found in _MARKUP.finditer(text):
        start, end = found.span()
        if start < past:
            continue
        how = "in a comment"
        if text[start] == "<" and text[start + 1].isalpha():
            name, reach = _opened(text[start:end])
            if not reach:
                continue
            how, opened = "in markup that is not shown", end
            end = elements.end(name, opened, reach)
            said = _TAG.sub(" ", text[opened:end]) if name not in _EMPTY_NAMES else text[start:end]
        else:
            whole = text[start:end]
            said = (whole if whole[0] == "<" else whole.partition("]:")[2]).strip("<>!?-#()\"' ")
        past = end
        if len(said) >= _SHORTEST and not said.isspace():
            yield start, end, said, how


@lru_cache(maxsize=4_096)
def _opened(tag: str) -> tuple[str, int]:
    """The name of the element that `tag` opens, and how many characters of it are hidden at most."""
    name = _NAME.match(tag, 1)
    said = html.unescape(tag[:_MAX_ATTRIBUTES]).lower()
    said = _ESCAPE.sub(lambda found: chr(min(int(found.group(1), 16), 0x10FFFF)), _COMMENT.sub("", said))
    said = _AROUND.sub(r"\1", said)
    reach = _MAX_WHITE if _WHITE.search(said) else 0
    if _UNSEEN.search(said) or _FLAGS.search(_QUOTED.sub(_value, said)):
        reach = 1 << 40
    return name.group().lower() if name else "", reach


def _value(found: re.Match[str]) -> str:
    """A value in quotation marks, without the words in it."""
    return found.group() if " " not in found.group() else '""'


class _Elements:
    """Where the elements of one text end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._closes: dict[str, list[int]] = {}

    def end(self, name: str, start: int, reach: int) -> int:
        """Where the element `name` ends whose tag ends at `start`; at the next tag when it is longer than `reach`.

        One that is never closed as it should be goes on to the last closing tag of its name, and else to the next tag.
        """
        if name in _EMPTY_NAMES:
            return start
        following = self.text.find("<", start)
        following = len(self.text) if following < 0 else following
        if name not in _NAMES:
            return following
        if name not in self._closes:
            self._closes[name] = [found.start() for found in _tags(name).finditer(self.text) if found.group(1)]
        closes = self._closes[name]
        first = bisect_right(closes, start - 1)
        if first == len(closes) or closes[first] - start > reach:
            return following
        depth = 1
        for tag in _tags(name).finditer(self.text, start, min(len(self.text), start + reach)):
            depth += -1 if tag.group(1) else 1
            if not depth:
                return tag.start()
        return closes[-1] if closes[-1] - start <= reach else following


@lru_cache(maxsize=128)
def _tags(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){name}(?=[\s/>])", re.IGNORECASE)
