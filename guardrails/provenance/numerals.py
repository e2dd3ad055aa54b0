"""Numbers that a text spells in words, or half in words: twelve, two dozen, three hundred and five, 2.5 thousand."""

import re
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
    "once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
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
    _VALUES |= {word: value for word, value in zip(_words.split(), range(20, 100, 10), strict=False)}
SMALL = {word: value for word, value in _VALUES.items() if len(word) > 1}
"""The numbers that one word says."""
_ARTICLES = frozenset({"a", "an", "ein", "eine", "un", "une", "una", "uno", "um", "uma", "een"})
_LINKS = frozenset({"and", "y", "et", "e", "und", "en"})
_COMPOUND = re.compile(rf"({'|'.join((*_UNITS[1][1:10], *_UNITS[6][1:10]))})(?:und|ën|en)(\w+)")
_HALF = re.compile(r"\bhalf a dozen\b")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")


def spelled_numbers(text: str) -> frozenset[Decimal]:
    """All numbers that a folded text says in words. An article alone is none."""
    found: set[Decimal] = set()
    total, part, said, plain = Decimal(0), Decimal(0), False, True
    last, linked = -1, False
    for match in _TOKEN.finditer(_HALF.sub(" ", text)):
        word = match.group()
        far = last >= 0 and text[last : match.start()].strip(" -") != ""
        value = None if far or (linked and word[0].isdigit()) else _value(word)
        linked = False
        if said and not far and word in _LINKS:
            last, linked = match.end(), True
            continue
        if value is None and not (not far and said and word in _FACTORS):
            if said and not plain:
                found.add((total + part).normalize())
            total, part, said, plain = Decimal(0), Decimal(0), False, True
            value = _value(word)
        if value is not None:
            # Two numbers side by side are one only if the second is the smaller: `twenty five`, not `five twenty`.
            if said and part % 100 and not (part % 10 == 0 and value < 10):  # noqa: PLR2004 - tens and units
                if not plain:
                    found.add((total + part).normalize())
                total, part = Decimal(0), Decimal(0)
                plain = True
            part += value
            plain = plain and (word in _ARTICLES or word[0].isdigit())
            said = True
        elif word in _FACTORS and not far and said:
            plain = False
            factor = _FACTORS[word]
            part = (part or 1) * factor
            if factor >= 1_000:  # noqa: PLR2004
                total, part = total + part, Decimal(0)
        last = match.end()
    if said and not plain:
        found.add((total + part).normalize())
    return frozenset(found | {Decimal(6)} if _HALF.search(text) else found)


def _value(word: str) -> Decimal | None:
    if word[0].isdigit():
        return Decimal(word) if len(word) <= 18 else None  # noqa: PLR2004
    if (value := _VALUES.get(word)) is not None:
        return Decimal(value)
    if (match := _COMPOUND.fullmatch(word)) and match[2] in _VALUES:
        return Decimal(_VALUES[match[1]] + _VALUES[match[2]])
    return None
