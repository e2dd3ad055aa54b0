"""Check digits of cards, accounts and national ids: pure functions over ASCII digits or letters, microseconds each.

python-stdnum knows these and more, at 10 to 50 microseconds a number: too much for a hostile text made of candidates.
So they stand here, and the tests hold them against it.
"""


def _table(rows: str) -> list[list[int]]:
    return [[int(digit) for digit in row] for row in rows.split()]


_VERHOEFF = _table(
    "0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210"
)
_SHIFT = _table("0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD_VALUES = "1 0 5 7 9 13 15 17 19 21 1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23"
_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", map(int, _ODD_VALUES.split()), strict=True))
_IBAN = {
    name: int(length)
    for length, names in {
        15: "NO",
        16: "BE",
        18: "DK FI FO FK GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for name in names.split()
}


def luhn(digits: bytes) -> bool:
    """Modulus 10 with every second digit from the right doubled (ISO/IEC 7812-1)."""
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)) % 10 == 0


def verhoeff(digits: bytes) -> bool:
    """The dihedral-group check of Verhoeff (1969)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _VERHOEFF[check][_SHIFT[place % 8][digit - 48]]
    return check == 0


def iban_length(country: str) -> int:
    """Characters of an IBAN of `country` (two capitals) by the SWIFT registry; 0 when it has none."""
    return _IBAN.get(country, 0)


def iban(text: str) -> bool:
    """Length by country and ISO 7064 mod 97-10; `text` in capitals without spaces."""
    if len(text) != iban_length(text[:2]):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def us_ssn(digits: bytes) -> bool:
    """Areas 000, 666 and 900 to 999, group 00 and serial 0000 were never issued."""
    return digits[:3] not in {b"000", b"666"} and digits[:1] != b"9" and digits[3:5] != b"00" and digits[5:] != b"0000"


def de_tax_id(digits: bytes) -> bool:
    """ISO 7064 mod 11,10; one digit of the first ten stands there two or three times, and none leads with 0."""
    counts = [digits[:10].count(digit) for digit in set(digits[:10])]
    if digits[:1] == b"0" or max(counts) not in {2, 3} or sum(count > 1 for count in counts) != 1:
        return False
    check = 10
    for digit in digits[:10]:
        check = (check + digit - 48) % 10 or 10
        check = check * 2 % 11
    return (11 - check) % 10 == digits[10] - 48


def fr_nir(text: str) -> bool:
    """15 characters; the last two are 97 less the rest modulo 97. Corsica's 2A and 2B count as 19 and 18."""
    body = text[:13].replace("2A", "19").replace("2B", "18")
    return body.isdecimal() and 97 - int(body) % 97 == int(text[13:])


def es_dni(text: str) -> bool:
    """A letter for the number modulo 23; the X, Y or Z of a foreigner's number counts as 0, 1 or 2."""
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return _DNI[int(number) % 23] == text[-1]


def it_codice_fiscale(text: str) -> bool:
    """16 capitals and digits; the last is a letter from the sum of the others, odd places by a table of their own."""
    even = sum(int(char) if char.isdecimal() else ord(char) - 65 for char in text[1:15:2])
    return chr(65 + (sum(_ODD[char] for char in text[0:15:2]) + even) % 26) == text[15]


def nl_bsn(digits: bytes) -> bool:
    """The eleven test with weights 9 to 2 and -1."""
    total = sum(w * (d - 48) for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True))
    return digits != b"0" * 9 and total % 11 == 0


def br_cpf(digits: bytes) -> bool:
    """Two digits modulo 11; eleven equal digits pass the sum but were never issued."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum((length + 1 - place) * (digits[place] - 48) for place in range(length))
        if total * 10 % 11 % 10 != digits[length] - 48:
            return False
    return True


def pl_pesel(digits: bytes) -> bool:
    """Weights 1, 3, 7, 9; months carry the century."""
    total = sum(w * (d - 48) for w, d in zip((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), digits, strict=True))
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    return total % 10 == 0 and 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004


def ch_ahv(digits: bytes) -> bool:
    """13 digits that begin with 756 and end with the check digit of an EAN."""
    return sum((3 if place % 2 else 1) * (digit - 48) for place, digit in enumerate(digits)) % 10 == 0


def uk_nhs(digits: bytes) -> bool:
    """Weights 10 to 2 modulo 11."""
    check = 11 - sum((10 - place) * (digits[place] - 48) for place in range(9)) % 11
    return check % 11 == digits[9] - 48 and check != 10  # noqa: PLR2004


def _weighed(text: bytes, weights: str) -> int:
    """The sum of the digits, each times its weight; `weights` are numbers in words."""
    return sum(int(weight) * (digit - 48) for weight, digit in zip(weights.split(), text, strict=True))


def _dated(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004


def cn_ric(text: str) -> bool:
    """18 characters with the date of birth; the last is ISO 7064 mod 11-2."""
    total = sum(int(digit) << (17 - place) for place, digit in enumerate(text[:17]))
    return _dated(int(text[10:12]), int(text[12:14])) and "10X98765432"[total % 11] == text[17]


def fi_hetu(text: str) -> bool:
    """DDMMYY, three digits, and a letter or digit for all nine modulo 31; `text` without the sign of the century."""
    letters = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    return _dated(int(text[2:4]), int(text[:2])) and letters[int(text[:9]) % 31] == text[9]


def no_fodselsnummer(digits: bytes) -> bool:
    """DDMMYY (40 more for a D-number), three digits and two check digits modulo 11."""
    return (
        _dated(int(digits[2:4]) % 40, int(digits[:2]) % 40)
        and _weighed(digits[:10], "3 7 6 1 8 9 4 5 2 1") % 11 == 0
        and _weighed(digits, "5 4 3 2 7 6 5 4 3 2 1") % 11 == 0
    )


def be_nn(digits: bytes) -> bool:
    """97 less the first nine digits modulo 97; a 2 goes before those of who was born after 1999."""
    return int(digits[9:]) in (97 - int(digits[:9]) % 97, 97 - (2 * 10**9 + int(digits[:9])) % 97)


def mx_curp(text: str) -> bool:
    """18 capitals and digits; the last is for the sum of the others, weighed 18 to 2, modulo 10."""
    letters = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
    total = sum((18 - place) * letters.index(char) for place, char in enumerate(text[:17]))
    return str(-total % 10) == text[17]


def cl_rut(text: str) -> bool:
    """Weights 2 to 7 from the right, modulo 11; ten is K."""
    total = sum((2 + place % 6) * int(digit) for place, digit in enumerate(reversed(text[:-1])))
    return "0123456789K"[-total % 11] == text[-1]


def sg_nric(text: str) -> bool:
    """A letter for seven digits, weighed, modulo 11; T and G count four more."""
    total = _weighed(text[1:8].encode(), "2 7 6 5 4 3 2") + (4 if text[0] in "TG" else 0)
    return ("JZIHGFEDCBA" if text[0] in "ST" else "XWUTRQPNMLK")[total % 11] == text[8]


def za_idnr(digits: bytes) -> bool:
    """YYMMDD, four digits, citizenship (0 or 1) and Luhn."""
    return _dated(int(digits[2:4]), int(digits[4:6])) and luhn(digits)


def cz_rc(digits: bytes) -> bool:
    """YYMMDD (months 50 more for women, 20 more when numbers run out), four digits; all ten divide by 11."""
    return _dated(int(digits[2:4]) % 50 % 20, int(digits[4:6])) and int(digits) % 11 == 0


def kr_rrn(digits: bytes) -> bool:
    """YYMMDD, sex and century, six digits; the last was a check digit until 2020."""
    return _dated(int(digits[2:4]), int(digits[4:6]))


def tr_tckimlik(digits: bytes) -> bool:
    """The tenth digit for the places before it, the last for their sum."""
    numbers = [digit - 48 for digit in digits]
    tenth = (7 * sum(numbers[0:9:2]) - sum(numbers[1:8:2])) % 10
    return numbers[0] != 0 and numbers[9] == tenth and numbers[10] == sum(numbers[:10]) % 10


def ro_cnp(digits: bytes) -> bool:
    """Sex and century, YYMMDD, county, number, and a check digit modulo 11, ten being 1."""
    check = _weighed(digits[:12], "2 7 9 1 4 6 3 5 8 2 7 9") % 11
    return _dated(int(digits[3:5]), int(digits[5:7])) and (1 if check == 10 else check) == digits[12] - 48  # noqa: PLR2004


def pt_nif(digits: bytes) -> bool:
    """Weights 9 to 2, modulo 11; ten and eleven are 0."""
    return (11 - _weighed(digits[:8], "9 8 7 6 5 4 3 2") % 11) % 11 % 10 == digits[8] - 48 and digits[:1] != b"0"


def dk_cpr(digits: bytes) -> bool:
    """DDMMYY and four digits; the check digit was given up in 2007."""
    return _dated(int(digits[2:4]), int(digits[:2]))


def au_tfn(digits: bytes) -> bool:
    """Weights 1, 4, 3, 7, 5, 8, 6, 9, 10, modulo 11."""
    return _weighed(digits, "1 4 3 7 5 8 6 9 10") % 11 == 0
