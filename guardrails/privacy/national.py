"""National ids: tax, health, social insurance and identity numbers with their check digits."""

from collections.abc import Callable

from lockgate.guardrails.privacy import checksums
from lockgate.guardrails.privacy.kind import Check, Kind, accepts, alone, digits, told


def _numbered(valid: Callable[[bytes], bool]) -> Check:
    """Digits that pass `valid`."""

    def check(data: bytes, start: int, end: int) -> int:
        return end if alone(data, start, end) and valid(digits(data, start, end)) else 0

    return check


def _lettered(valid: Callable[[str], bool]) -> Check:
    """Letters and digits that pass `valid`."""

    def check(data: bytes, start: int, end: int) -> int:
        text = data[start:end].decode().upper()
        text = "".join(char for char in text if char.isalnum())
        return end if alone(data, start, end) and valid(text) else 0

    return check


def _nino(text: str) -> bool:
    # Prefixes that HM Revenue & Customs never gives out.
    return (
        text[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
        and text[0] not in "DFIQUV"
        and text[1] not in "DFIOQUV"
    )


def _personnummer(number: bytes) -> bool:
    return checksums.luhn(number) and 1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) % 60 <= 31  # noqa: PLR2004


def _hetu(text: str) -> bool:
    return checksums.fi_hetu(text if len(text) == 10 else text[:6] + text[7:])  # noqa: PLR2004 - a letter for a century


_NATIONAL = ("national_id", "personal")


def _id(name: str, shape: str, check: Check) -> Kind:
    return Kind(name=name, groups=_NATIONAL, shape=shape, check=check, bounded=True)


def _told(name: str, words: str, shape: str, valid: Callable[[bytes], bool]) -> Kind:
    return told(name, _NATIONAL, words, shape, _numbered(valid))


KINDS: tuple[Kind, ...] = (
    _id(
        "fr_nir",
        r"\b[1-478] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        _lettered(checksums.fr_nir),
    ),
    _id("ch_ahv", r"\b756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}\b", _numbered(checksums.ch_ahv)),
    Kind(
        name="in_aadhaar",
        groups=_NATIONAL,
        shape=r"\b[2-9][0-9]{3}(?:[ \-]?[0-9]{4}){2,}\b",
        trigger=r"\b[2-9][0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}\b",
        check=_numbered(lambda number: len(number) == 12 and checksums.verhoeff(number)),  # noqa: PLR2004
    ),
    _id("us_ssn", r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b", _numbered(checksums.us_ssn)),
    _told("us_ssn", r"\bssn|social security", r"[0-9]{3} ?[0-9]{2} ?[0-9]{4}", checksums.us_ssn),
    _id("br_cpf", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", _numbered(checksums.br_cpf)),
    _told("br_cpf", r"\bcpf", "[0-9]{11}", checksums.br_cpf),
    _told(
        "de_tax_id",
        r"steuer|\bidnr|\btin\b|\btax",
        "[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
        checksums.de_tax_id,
    ),
    _told("pl_pesel", "pesel", "[0-9]{11}", checksums.pl_pesel),
    _told("nl_bsn", r"\bbsn|burgerservice|sofi", r"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}", checksums.nl_bsn),
    _told("uk_nhs", r"\bnhs", r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}", checksums.uk_nhs),
    _told("ca_sin", r"\bsin\b|social insurance", r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}", checksums.luhn),
    _id("se_personnummer", r"\b[0-9]{6}[\-+][0-9]{4}\b", _numbered(_personnummer)),
    _id("uk_nino", r"\b[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]\b", _lettered(_nino)),
    _id("es_dni", r"\b(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?[A-HJ-NP-TV-Z]\b", _lettered(checksums.es_dni)),
    _id(
        "it_codice_fiscale",
        r"(?i)\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b",
        _lettered(checksums.it_codice_fiscale),
    ),
    _id("cn_ric", r"\b[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]\b", _lettered(checksums.cn_ric)),
    _id("fi_hetu", r"\b[0-9]{6}[\-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]\b", _lettered(_hetu)),
    _id("no_fodselsnummer", r"\b[0-9]{6} ?[0-9]{5}\b", _numbered(checksums.no_fodselsnummer)),
    _id("be_nn", r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}[.\-][0-9]{2}\b", _numbered(checksums.be_nn)),
    _id("mx_curp", r"(?i)\b[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]\b", _lettered(checksums.mx_curp)),
    _id("cl_rut", r"\b[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]\b", _lettered(checksums.cl_rut)),
    _id("sg_nric", r"\b[STFG][0-9]{7}[A-Z]\b", _lettered(checksums.sg_nric)),
    _id("za_idnr", r"\b[0-9]{6} ?[0-9]{4} ?[01][0-9]{2}\b", _numbered(checksums.za_idnr)),
    _id("cz_rc", r"\b[0-9]{6}/[0-9]{4}\b", _numbered(checksums.cz_rc)),
    _id("kr_rrn", r"\b[0-9]{6}-[1-8][0-9]{6}\b", _numbered(checksums.kr_rrn)),
    _told("tr_tckimlik", r"kimlik|\btckn|\bt\.?c\.? ", "[1-9][0-9]{10}", checksums.tr_tckimlik),
    _told("ro_cnp", r"\bcnp", "[1-9][0-9]{12}", checksums.ro_cnp),
    _told("pt_nif", r"\bnif|contribuinte", r"[1-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}", checksums.pt_nif),
    _told("dk_cpr", r"\bcpr|personnummer", "[0-9]{6}[\\- ]?[0-9]{4}", checksums.dk_cpr),
    _told("au_tfn", r"\btfn|tax file", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", checksums.au_tfn),
    told("in_pan", _NATIONAL, r"\bpan\b|permanent account", "[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", accepts),
)
