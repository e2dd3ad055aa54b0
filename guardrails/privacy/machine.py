"""Addresses of machines: IPv4, IPv6 and MAC."""

import socket

from lockgate.guardrails.privacy.kind import Kind, before

_REQUIRES = (b">=", b"<=", b"==", b"~=", b"!=")
_VERSIONS = (b"v", b"version", b"ver", b"ver.", b"release", b"section", b"chapter", b"build", b"\xc2\xa7")


def _ipv4(data: bytes, start: int, end: int) -> int:
    """No version, no numbered section, no part of a longer dotted number."""
    left, right = data[max(0, start - 1) : start], data[end : end + 2]
    if end - start > len("255.255.255.255") or left in {b".", b"-", b"_"}:
        return 0
    if (right[:1] in {b".", b"-"} and right[1:2].isalnum()) or not _parses(socket.AF_INET, data[start:end]):
        return 0
    if data[max(0, start - 2) : start] in _REQUIRES or data[start:end].startswith((b"127.", b"0.")):
        return 0
    said = before(data, start).rstrip(b" :=\"'")
    word = said[-10:].split()[-1:] if said else []
    return 0 if word and word[0] in _VERSIONS else end


def _parses(family: socket.AddressFamily, value: bytes) -> bool:
    try:
        socket.inet_pton(family, value.decode("ascii"))
    except (OSError, ValueError):
        return False
    return True


def _ipv6(data: bytes, start: int, end: int) -> int:
    left, right = data[max(0, start - 1) : start], data[end : end + 1]
    value = data[start:end].rstrip(b".")
    if value.endswith(b":") and not value.endswith(b"::"):
        value = value[:-1]
    end = start + len(value)
    if left.isalnum() or left in {b"_", b"."} or right.isalnum() or len(value) > 45:  # noqa: PLR2004 - the longest written form
        return 0
    # `a::b` is a name in C++, `[::2]` a slice in Python; ::1 and :: name no machine in particular.
    if not any(48 <= byte < 58 for byte in value) or len(value.replace(b":", b" ").split()) < 2:  # noqa: PLR2004 - ASCII digits
        return 0
    return end if _parses(socket.AF_INET6, value) else 0


def _mac(data: bytes, start: int, end: int) -> int:
    value, around = data[start:end], (data[max(0, start - 1) : start], data[end : end + 1])
    # One that goes on is a fingerprint; one of decimals alone is a date and time, or an id.
    if len(value) > len("00:00:00:00:00:00") or value.translate(None, b":-.").isdigit():
        return 0
    if any(edge in {b":", b"-"} for edge in around):
        return 0
    return end


_MACHINE = ("machine",)

KINDS: tuple[Kind, ...] = (
    Kind(
        name="mac_address",
        groups=_MACHINE,
        shape=(
            r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5,}|(?:-[0-9A-Fa-f]{2}){5,})\b"
            r"|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b"
        ),
        trigger=r"[0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-]|\b[0-9a-f]{4}\.[0-9a-f]{4}\.",
        check=_mac,
    ),
    Kind(
        name="ipv6",
        groups=_MACHINE,
        shape=r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*",
        trigger=r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]",
        check=_ipv6,
    ),
    Kind(
        name="ipv4",
        groups=_MACHINE,
        shape=r"\b[0-9]+(?:\.[0-9]+){3,}\b",
        trigger=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        check=_ipv4,
    ),
)
