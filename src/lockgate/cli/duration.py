"""Spans of time as the command line takes them: `90s`, `15m`, `12h`, `30d`, `8w`."""

from lockgate.errors import ConfigError

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def duration(text: str) -> int:
    """Seconds. Raises ConfigError."""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _SECONDS or len(number) > 6:  # noqa: PLR2004 - more is no span of time
        raise ConfigError(f"{text[:50]!r} is no span of time.", "Write a number and s, m, h, d or w: 90s, 15m, 30d.")
    return int(number) * _SECONDS[unit]
