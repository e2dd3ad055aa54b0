"""Days and hours as people write them: `March 12, 2027`, `12.3.2027`, `a quarter to eleven`, `half past nine`."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from lockgate.guardrails.provenance.numerals import SMALL

Day: TypeAlias = tuple[int | None, int, int]
"""Year (None where none is said), month, day."""
Hour: TypeAlias = tuple[int, int]
"""Of 24, and the minute."""
_NAMES = (
    "january january jan januar janvier enero gennaio janeiro januari",
    "february feb februar février febrero febbraio fevereiro februari",
    "march mar märz mars marzo março maart",
    "april apr avril abril aprile",
    "may mai mayo maggio maio mei",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet julio luglio julho",
    "august aug août agosto augustus",
    "september sept sep septembre septiembre settembre setembro",
    "october oct oktober octobre octubre ottobre outubro okt",
    "november nov novembre noviembre novembro",
    "december dec dezember décembre diciembre dicembre dezembro dez",
)
_MONTH = {word: number for number, row in enumerate(_NAMES, start=1) for word in row.split()}
_MONTHS = "|".join(sorted(_MONTH, key=len, reverse=True))
_SMALL = "|".join(sorted((word for word, value in SMALL.items() if value <= 12), key=len, reverse=True))  # noqa: PLR2004
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_SLASHED = re.compile(r"(?<![\d./-])(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d\d)(?![\d/-])")
_SAID = re.compile(
    rf"\b(?:({_MONTHS})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:\d)(?:,? (\d{{4}}))?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th|\.|er|º)?(?: of| de)? ({_MONTHS})\b\.?(?:,? (?:de )?(\d{{4}}))?)"
)
_ORDINAL = r"(?:st|nd|rd|th|\.|er|º)?"
_TO = r"(?:-|(?:to|till?|until|through|thru|and|or|&|bis|und|oder|al?|au|et|ou|y|e|ao|tot|en)\b)"
_THE = r"(?:(?:the|den|dem|el|le|il|de) )?"
_EARLIER = re.compile(rf"(?<![\d.:/-])(\d{{1,2}}){_ORDINAL} ?({_TO}|,) ?{_THE}$")
"""The first day of `3 to 6 May`, before the last one."""
_LATER = re.compile(
    rf"{_ORDINAL} ?{_TO} ?{_THE}(\d{{1,2}})(?:st|nd|rd|th)?"
    r"(?![\d:]|[.,]\d| ?(?:am|pm|%|uhr|people|guests|persons|of us))(?:,? (\d{4}))?"
)
"""The last day of `May 3 to 6`, after the first one."""
_BARE = re.compile(
    r"\b(?:the|on|from|to|till?|until|by|and|since) (\d{1,2})(?:st|nd|rd|th)"
    r"(?=[.,;:!?)]|$| (?:and|or|to|till?|until|for|at|in|with|from|instead|not|please|then|but|if|so|i|we)\b)"
)
"""A day of the one month that a text speaks of: `on the 9th`."""
_LOOK_BACK = 24
"""Characters before a day in which an earlier one of the same month stands."""
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.h](\d\d)(?::\d\d)?)?(?![\d:]|\.\d| ?%)(?: ?(am|pm|a\.m|p\.m|o'clock|uhr)\b)?"
)
_PART = re.compile(
    rf"\b(half past|(?:a )?quarter past|(?:a )?quarter to|halb|viertel nach|viertel vor)\s+(\d{{1,2}}|{_SMALL})\b"
    rf"(?: ?(am|pm|in the (?:morning|afternoon|evening))\b)?"
)
_WHOLE = re.compile(rf"\b({_SMALL}) (?:o'clock|uhr)\b|\b(noon|midday|midnight|mittag|mitternacht|midi|minuit)\b")
_SHIFT = {
    "half past": (0, 30),
    "quarter past": (0, 15),
    "quarter to": (-1, 45),
    "halb": (-1, 30),
    "viertel nach": (0, 15),
    "viertel vor": (-1, 45),
}
_VALUE = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d))?(?:[t ](?=\d))?(?:(\d\d):(\d\d)(?::00(?:\.0+)?)?(?:z|[+-]\d\d:?\d\d)?)?"
)
_MONTHS_A_YEAR, _DAYS, _HOURS, _NOON = 12, 31, 24, 12


def moment(value: str) -> tuple[Day | None, Hour | None] | None:
    """The day and the hour that a folded ISO 8601 value names; None when it is none."""
    match = _VALUE.fullmatch(value)
    if not match or not (match[1] or match[4]):
        return None
    day = (int(match[1]), int(match[2]), int(match[3])) if match[1] else None
    return day, ((int(match[4]), int(match[5])) if match[4] else None)


def days(text: str) -> frozenset[Day]:
    """The days that a folded text names."""
    found = (day for _, _, day in _days(text))
    return frozenset(day for day in found if 1 <= day[1] <= _MONTHS_A_YEAR and 1 <= day[2] <= _DAYS)


def timeless(text: str) -> str:
    """A folded text without the days and hours that it names."""
    spans = [(start, end) for start, end, _ in _days(text)]
    spans += [match.span() for match in _CLOCK.finditer(text) if match[2] or match[3]]
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _days(text: str) -> Iterator[tuple[int, int, Day]]:
    """Where a day is named, and which."""
    for m in _ISO.finditer(text):
        yield *m.span(), (int(m[1]), int(m[2]), int(m[3]))
    for m in _SLASHED.finditer(text):
        year = int(m[4]) + (2000 if len(m[4]) == 2 else 0)  # noqa: PLR2004
        first, second = int(m[1]), int(m[3])
        yield *m.span(), (year, second, first)
        if m[2] == "/":
            yield *m.span(), (year, first, second)  # who writes so may mean either
    months: set[int] = set()
    for m in _SAID.finditer(text):
        said, month = m[3] or m[6], _MONTH[m[1] or m[5]]
        months.add(month)
        year_said = int(said) if said else None
        yield *m.span(), (year_said, month, int(m[2] or m[4]))
        yield from _others(text, m, year_said, month)
    if len(months) == 1:
        for m in _BARE.finditer(text):
            yield *m.span(), (None, next(iter(months)), int(m[1]))


def _others(text: str, said: re.Match[str], year: int | None, month: int) -> Iterator[tuple[int, int, Day]]:
    """The other days of the same month: of `3 to 6 May`, and of `3, 4 and 6 May`."""
    if said[1]:
        if not said[3] and (later := _LATER.match(text, said.end())):
            yield *later.span(), (int(later[2]) if later[2] else None, month, int(later[1]))
        return
    start, joined = said.start(), False
    while (m := _EARLIER.search(text[max(0, start - _LOOK_BACK) : start])) and (m[2] != "," or joined):
        begin = start - (m.end() - m.start())
        yield begin, start, (year, month, int(m[1]))
        start, joined = begin, True


def hours(text: str) -> frozenset[Hour]:
    """The hours that a folded text names, both where it does not say which half of the day."""
    return frozenset(hour for hour in _hours(text) if 0 <= hour[0] < _HOURS and 0 <= hour[1] < 60)  # noqa: PLR2004


def _hours(text: str) -> Iterator[Hour]:
    for m in _CLOCK.finditer(text):
        if m[2] or m[3]:
            yield from _halves(int(m[1]), int(m[2] or 0), m[3] or "", clock=m[2] is not None)
    for m in _PART.finditer(text):
        back, minute = _SHIFT[m[1].removeprefix("a ")]
        hour = int(m[2]) if m[2].isdigit() else SMALL[m[2]]
        yield from _halves((hour + back) % _NOON or _NOON, minute, m[3] or "", clock=False)
    for m in _WHOLE.finditer(text):
        if m[1]:
            yield from _halves(SMALL[m[1]], 0, "", clock=False)
        else:
            yield (0 if m[2] in ("midnight", "mitternacht", "minuit") else _NOON), 0


def _halves(hour: int, minute: int, half: str, *, clock: bool) -> Iterator[Hour]:
    if half.startswith("a") or half.endswith("morning"):
        yield hour % _NOON, minute
    elif half.startswith("p") or half.endswith(("afternoon", "evening")):
        yield hour % _NOON + _NOON, minute
    elif clock:
        yield hour, minute
    else:
        yield hour % _NOON, minute
        yield hour % _NOON + _NOON, minute
