"""Numbers that a text spells in words, or half in words: twelve, two dozen, three hundred and five, 2.5 thousand."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

_UNITS = (
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"),
    ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"),
    ("nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"),
)
_TEENS = (
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "onze douze treize quatorze quinze seize",
    "onze doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove",
    "elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
)
_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "vingt trente quarante cinquante soixante",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
)
_FACTORS = {
    **dict.fromkeys(("dozen", "dutzend", "douzaine", "docena", "dozzina", "dúzia", "dozijn"), 12),
    **dict.fromkeys(("hundred", "hundert", "cent", "cents", "cien", "ciento", "cento", "cem", "honderd"), 100),
    **dict.fromkeys(("thousand", "tausend", "mille", "mil", "mila", "duizend", "k"), 1_000),
    **dict.fromkeys(("million", "millions", "millionen", "millón", "millones", "milione", "milhão"), 1_000_000),
}
_VALUES: dict[str, int] = {"a": 1, "an": 1, "une": 1, "una": 1, "uma": 1, "eine": 1}
for _row in _UNITS:
    _VALUES |= {word: value for value, word in enumerate(_row)}
for _words in _TEENS:
    _VALUES |= {word: value for value, word in enumerate(_words.split(), start=11)}
for _words in _TENS:
    _VALUES |= dict(zip(_words.split(), range(20, 100, 10), strict=False))
SMALL = {word: value for word, value in _VALUES.items() if len(word) > 1}
"""The numbers that one word says."""
_THOUSAND = 1_000
_ARTICLES = frozenset({"a", "an", "ein", "eine", "un", "une", "una", "uno", "um", "uma", "een"})
_LINKS = frozenset({"and", "y", "et", "e", "und", "en"})
_COMPOUND = re.compile(rf"({'|'.join((*_UNITS[1][1:10], *_UNITS[6][1:10]))})(?:und|ën|en)(\w+)")
_HALF = re.compile(r"\bhalf a dozen\b")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")


def spelled_numbers(text: str) -> frozenset[Decimal]:
    """All numbers that a folded text says in words. An article alone is none."""
    found = {Decimal(6)} if _HALF.search(text) else set()
    for run in _runs(_HALF.sub(" ", text)):
        found |= _numbers(run)
    return frozenset(found)


def _runs(text: str) -> Iterator[list[str]]:
    """The words of numbers that stand side by side: `three hundred and five`."""
    run: list[str] = []
    last = -1
    for match in _TOKEN.finditer(text):
        word = match.group()
        counts = word in _FACTORS or _value(word) is not None
        if text[max(0, last) : match.start()].strip(" -") or not (counts or word in _LINKS):
            if run:
                yield run
            run = []
        if counts or run:
            run += [word] if counts or word in _LINKS else []
        last = match.end()
    if run:
        yield run


def _numbers(run: Iterable[str]) -> set[Decimal]:
    """The numbers of one run. Two side by side are one only if the second is the smaller: not `five twenty`."""
    found: set[Decimal] = set()
    total, part, said, before = Decimal(0), Decimal(0), False, ""
    for word in (*run, "."):
        value = None if word in _FACTORS else _value(word)
        linked, before = before in _LINKS and word[0].isdigit(), word
        if word in _FACTORS:
            part, said = (part or Decimal(1)) * _FACTORS[word], True
            if part >= _THOUSAND:
                total, part = total + part, Decimal(0)
        elif value is not None:
            if linked or (part % 100 and (part % 10 or value >= 10)):  # noqa: PLR2004 - tens and units
                found |= {(total + part).normalize()} if said else set()
                total, part, said = Decimal(0), Decimal(0), False
            part += value
            said = said or not (word in _ARTICLES or word[0].isdigit())
        elif word == ".":
            found |= {(total + part).normalize()} if said else set()
    return found


def _value(word: str) -> Decimal | None:
    if word[0].isdecimal():
        return Decimal(word) if len(word) <= 18 else None  # noqa: PLR2004
    if (value := _VALUES.get(word)) is not None:
        return Decimal(value)
    if (match := _COMPOUND.fullmatch(word)) and match[2] in _VALUES:
        return Decimal(_VALUES[match[1]] + _VALUES[match[2]])
    return None
