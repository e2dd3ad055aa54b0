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
    found: set[Day] = {(int(m[1]), int(m[2]), int(m[3])) for m in _ISO.finditer(text)}
    for m in _SLASHED.finditer(text):
        year = int(m[4]) + (2000 if len(m[4]) == 2 else 0)  # noqa: PLR2004
        first, second = int(m[1]), int(m[3])
        found.add((year, second, first))
        if m[2] == "/":
            found.add((year, first, second))  # who writes so may mean either
    for m in _SAID.finditer(text):
        year_said = m[3] or m[6]
        found.add((int(year_said) if year_said else None, _MONTH[m[1] or m[5]], int(m[2] or m[4])))
    return frozenset(day for day in found if 1 <= day[1] <= _MONTHS_A_YEAR and 1 <= day[2] <= _DAYS)


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
