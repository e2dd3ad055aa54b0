"""Personal data: mail addresses, phone numbers, bank accounts and payment cards."""

from lockgate.guardrails.privacy import checksums
from lockgate.guardrails.privacy.kind import Check, Kind, alone, digits, told

_FILES = frozenset(  # as `icon@2x.png`
    b".png .jpg .jpeg .gif .svg .webp .js .css .ts .html .json .txt .map".split()
)
_CODES = """
    1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82
    84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234
    235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262
    263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374
    375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591
    592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690
    691 692 800 808 850 852 853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970
    971 972 973 974 975 976 977 979 992 993 994 995 996 998
"""
_CALLING_CODES = frozenset(_CODES.split())
_MIN_PHONE, _MAX_PHONE = 8, 15
"""Digits of a number with its country code; E.164 allows 15."""


def _email(data: bytes, start: int, end: int) -> int:
    value = data[start:end].lower()
    if value.startswith(b"git@") and data[end : end + 1] == b":":
        return 0  # a remote of git's
    return 0 if value[value.rindex(b".") :] in _FILES else end


def _international(data: bytes, start: int, end: int) -> int:
    number = digits(data, start, end)
    if data[start : start + 1] != b"+":
        number = number[2:]
        if data[start:end].isdigit() or _continues(data, start):
            return 0
    elif data[max(0, start - 1) : start].isalpha():
        return 0
    known = any(number[:length].decode() in _CALLING_CODES for length in (1, 2, 3))
    return end if known and _MIN_PHONE <= len(number) <= _MAX_PHONE else 0


def _continues(data: bytes, start: int) -> bool:
    """Whether the group of digits at `start` follows another one."""
    return data[max(0, start - 2) : start].strip().isdigit()


def _american(data: bytes, start: int, end: int) -> int:
    number = digits(data, start, end)[-10:]
    # Area and exchange begin with 2 to 9, and no area has 9 in the middle (NANP).
    served = number[0] > 49 and number[1] != 57 and number[3] > 49  # noqa: PLR2004 - ASCII 1 and 9
    return end if served and alone(data, start, end) else 0


def _trunk(data: bytes, start: int, end: int) -> int:
    """A national number with its 0 in front, in groups; a date in groups is none."""
    value = data[start:end]
    number = digits(data, start, end)
    groups = bytes(byte if 48 <= byte < 58 else 32 for byte in value).split()  # noqa: PLR2004 - ASCII digits
    dated = len(groups) >= 3 and len(groups[0]) == 2 and int(groups[1]) <= 12 and groups[2][:2] in {b"19", b"20"}  # noqa: PLR2004
    dated |= len(groups) == 2 and (len(groups[0]), len(groups[1])) == (5, 4)  # noqa: PLR2004 - a ZIP code
    sound = 9 <= len(number) <= 12 and not dated and not _continues(data, start)  # noqa: PLR2004
    return end if sound and alone(data, start, end) else 0


def _iban(data: bytes, start: int, end: int) -> int:
    """Where the IBAN ends: words that follow it may look like its last groups."""
    wanted = checksums.iban_length(data[start : start + 2].decode().upper())
    if not wanted:
        return 0
    text, at = "", start
    while at < end and len(text) < wanted:
        char = data[at : at + 1]
        if char.isalnum():
            text += char.decode().upper()
        at += 1
    if data[at : at + 1].isalnum() or len(text) != wanted:
        return 0
    return at if checksums.iban(text) else 0


def _card(data: bytes, start: int, end: int) -> int:
    """Where the card number ends: an expiry date or a code may follow in groups of its own."""
    number = digits(data, start, end)
    for length in _lengths(number.decode()):
        if length > len(number) or not checksums.luhn(number[:length]):
            continue
        at = start
        for _ in range(length):
            while not 48 <= data[at] < 58:  # noqa: PLR2004 - ASCII digits
                at += 1
            at += 1
        if not data[at : at + 1].isdigit() and alone(data, start, at):
            return at
    return 0


def _lengths(number: str) -> tuple[int, ...]:
    """How long a card of this issuer is (ISO/IEC 7812 ranges of the brands); none when no brand begins so."""
    two, four = int(number[:2]), int(number[:4])
    if number[0] == "4":
        return 19, 16, 13
    if 51 <= two <= 55 or 2221 <= four <= 2720 or (two in {60, 82} and four != 6011):  # noqa: PLR2004 - Mastercard, RuPay
        return (16,)
    if two in {34, 37}:  # American Express
        return (15,)
    if two in {36, 38, 39, 30}:  # Diners Club
        return 16, 14
    if two == 65 or four == 6011 or 3528 <= four <= 3589 or 644 <= int(number[:3]) <= 649:  # noqa: PLR2004 - Discover, JCB
        return 19, 16
    if two in {62, 81} or 2200 <= four <= 2204:  # noqa: PLR2004 - UnionPay, Mir
        return 19, 18, 17, 16
    if two in {50, 56, 57, 58, 63, 67}:  # Maestro
        return 19, 18, 16, 15, 13
    return ()


_PERSONAL = ("personal",)


def _phone(shape: str, trigger: str, check: Check) -> Kind:
    return Kind(name="phone", groups=_PERSONAL, shape=shape, trigger=trigger, check=check, bounded=True)


KINDS: tuple[Kind, ...] = (
    Kind(
        name="iban",
        groups=_PERSONAL,
        shape=r"(?i)\b[A-Z]{2} ?[0-9]{2}(?:[ .\-]{0,2}[A-Z0-9]{4}){2,7}(?:[ .\-]{0,2}[A-Z0-9]{1,4})?",
        trigger=r"(?i)\b[A-Z]{2} ?[0-9]{2}[ .\-]{0,2}[A-Z0-9]{4}[ .\-]{0,2}[A-Z0-9]{4}",
        check=_iban,
        bounded=True,
    ),
    Kind(
        name="payment_card",
        groups=_PERSONAL,
        shape=(
            r"\b[2-68][0-9]{3}(?:[ \t.\-]{0,2}[0-9]{4}){2}[ \t.\-]{0,2}[0-9](?:[ \t.\-]{0,2}[0-9]){0,6}\b"
            r"|\b3[0-9]{3}[ .\-]?[0-9]{6}[ .\-]?[0-9]{4,5}\b"
        ),
        trigger=r"\b[2-68][0-9]{3}[ \t.\-]{0,2}[0-9]{4}",
        check=_card,
        bounded=True,
    ),
    Kind(
        name="email",
        groups=_PERSONAL,
        shape=r"[\pL\pN._%+\-]*[\pL\pN_%+\-]@(?:[\pL\pN\-]+\.)+(?:xn--[\pL\pN\-]+|\pL{2,})",
        trigger=r"[^\s@]@[^\s@]",
        check=_email,
    ),
    _phone(
        r"(?:\+|\b00)[1-9][0-9]{0,2}\)?[ ./\-]?(?:\(0?[0-9]{1,4}\)[ .\-]?)?[0-9](?:[ .\-/]?[0-9]){5,13}\b",
        r"(?:\+|\b00)[1-9]",
        _international,
    ),
    _phone(
        r"(?:\b1[\-. ])?(?:\([0-9]{3}\) ?|\b[0-9]{3}[\-.])[0-9]{3}[\-. ][0-9]{4}\b",
        r"[0-9]{3}[\-. ][0-9]{4}\b",
        _american,
    ),
    _phone(
        r"\b\(?0[1-9][0-9]{0,4}\)?[ /\-.][0-9]{2,8}(?:[ \-.][0-9]{2,4}){0,4}\b",
        r"\b0[1-9][0-9]{0,4}\)?[ /\-.][0-9]",
        _trunk,
    ),
    told(
        "phone",
        _PERSONAL,
        r"\b(?:tele)?phone|\btel\b|\bmobile|\bmobil|\bcell|\bcall|\bfax|whatsapp|\bsms\b|\bhandy|rufnummer",
        r"\(?[0-9](?:[ .\-()]{0,2}[0-9]){6,14}",
        lambda data, start, end: end if alone(data, start, end) else 0,
    ),
)
