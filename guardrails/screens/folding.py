"""Letters that look alike made one, so that a word spelled with strange letters is still that word."""

import re
import unicodedata

_MIXED = re.compile("[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]")
_STRANGE = re.compile(
    "[\u00aa-\u00ba\u02b0-\u02b8\u0370-\u04ff\u1d2c-\u1d6a\u2070-\u209c\u2100-\u214f\u2460-\u24ff\uff01-\uffef\U0001d400-\U0001d7ff]"
)
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝгтвкмнАВЕКМНОРСТУХІЈЅαοερικυντΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwrtbkmhABEKMHOPCTYXIJSaoepikuvtABEZHIKMNOPTYX",
)


class _Compatible(dict[int, int]):
    """Each character's compatibility form, where that is one character; remembered, and never more than there are."""

    def __missing__(self, code: int) -> int:
        folded = unicodedata.normalize("NFKC", chr(code)) if not 0xD800 <= code <= 0xDFFF else ""  # noqa: PLR2004
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_COMPATIBLE = _Compatible()


def fold(text: str) -> str:
    """`text` in plain letters, character for character, so offsets stay: full width, styled letters, lookalikes.

    Cyrillic and Greek letters are changed only where one word mixes them with Latin ones.
    """
    if text.isascii() or _STRANGE.search(text) is None:
        return text
    text = text.translate(_COMPATIBLE)
    return text.translate(_LOOKALIKES) if _MIXED.search(text) else text
