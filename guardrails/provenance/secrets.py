"""Passwords, codes and keys in a text, by the words that introduce them.

They leave only when the user's words say so: integrity alone misses a secret sent to an address that the user named.
"""

import re
from functools import lru_cache

import re2

from lockgate.passage import Passage

_WORDS = (
    "password|passcode|passphrase|pin|(?:security|verification|confirmation|login|access|recovery|reset|activation|"
    "one-time|2fa)[ -]code|one-time[ -]password|otp|(?:api|access|secret|private|deployment|signing|"
    "license|master|encryption|ssh)[ _-]key|secret|token|credential|passport|social[ _-]security|ssn|cvv|cvc"
)
_MAYBE = re2.compile(rf"(?i)(?:^|[^\pL\pN])({_WORDS})")
"""Where a keyword may stand; `_KEYWORD`, which is slow, says whether it does."""
_KEYWORD = re.compile(rf"(?<![^\W_])({_WORDS})s?(?![^\W_])", re.IGNORECASE)
_CARD = re.compile(r"\d(?<![\w.-]\d)(?:[ -]?\d){12,18}(?![\w-])")
_TOKEN = re.compile(r"[^\s\"'<>,;()]{4,200}")
_NEAR = 48
"""Characters after the word in which the secret itself stands."""
_DIGIT = re.compile(r"[0-9]")
_OTHER = re.compile(
    r"\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:t[\d:.z+-]*)?|\d{1,2}:\d\d(?::\d\d)?\w{0,2}|\d+(?:st|nd|rd|th|%)|[$€£]\S+|https?:\S+"
)
"""Dates, times, shares, prices and links: they have digits and are no secrets."""


@lru_cache(maxsize=256)
def secrets_in(text: str) -> dict[str, str]:
    """From each secret that the text tells to the word that introduces it. Only what has a digit in it is one."""
    found: dict[str, str] = {}
    for maybe in _MAYBE.finditer(text):
        if not (match := _KEYWORD.match(text, maybe.start(1))):
            continue
        near = text[match.end() : match.end() + _NEAR].partition("\n\n")[0]
        token = next(
            (word for word in _words(near) if _DIGIT.search(word) and not _OTHER.fullmatch(word.casefold())), ""
        )
        if token:
            found[token] = match.group(1).casefold()
    return found | dict.fromkeys(_cards(text), "card")


def _cards(text: str) -> set[str]:
    """The numbers of payment cards, digits alone. The last digit is a check on the others (Luhn, ISO/IEC 7812)."""
    numbers = (re.sub(r"\D", "", match.group()) for match in _CARD.finditer(text))
    return {number for number in numbers if _checks(number)}


def _checks(number: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


def marked(passage: Passage) -> dict[str, str]:
    """Secrets that a screen found."""
    return {
        passage.text[finding.start : finding.end]: finding.kind
        for finding in passage.findings
        if finding.kind.startswith("secret")
    }


def tokens(text: str) -> set[str]:
    """The words of a text as secrets are compared with them."""
    return {*_words(text), *_cards(text)}


def _words(text: str) -> list[str]:
    return [word.strip(".:!?)]}=") for word in _TOKEN.findall(text)]
