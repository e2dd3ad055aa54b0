"""CPU of looking for private data: per text of 4 KB, growth to 1 MB, and texts made to be slow.

    python benchmarks/privacy.py [--json]

Process time, not wall time; medians. `all` looks for every kind, `default` for what the safe defaults look for in a
tool's result. Exits with 1 when a bound is missed: 0.3 ms for 4 KB, 25 ms for 100 KB, 1 s for any 1 MB.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable

from lockgate.guardrails.privacy.scan import NAMES, scanner
from lockgate.guardrails.privacy.section import Privacy
from lockgate.passage import Place

MEGABYTE = 1_000_000
_MAIL = (
    "From: Ann Smith <ann.smith@example.com>\nDate: Mon, 12 Feb 2024 10:33:12 +0100\n"
    "Dear Bob, the order 1234-5678-9012 of version 1.2.3 goes out on 2024-02-14 at 10:30. Our site is at "
    "https://example.com/orders?id=77. You can reach me at +49 30 901820 when the parcel does not arrive in time; "
    "otherwise there is nothing to do but wait, and to write to the people at the front desk on Monday.\n"
)
_PROSE = "The quick brown fox of 2024 met order 12345 and went home with 3 of the 7 others to rest a while. "
_RANDOM = random.Random(1)


def _noise(alphabet: str) -> str:
    return "".join(_RANDOM.choices(alphabet, k=MEGABYTE))


def _times(unit: str) -> str:
    return unit * (MEGABYTE // len(unit.encode()))


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
HOSTILE: dict[str, str] = {
    **{
        unit: _times(unit)
        for unit in (
            *("a.", "a@", "a@a.", "a@b.co ", "1 ", "4", "4444 ", "12-", "1.1.", "1:", "::", "+", "+1 415 555 2671"),
            *("(415) 555-2671 ", "219-09-9999 ", "4111111111111111 ", "4111 1111 1111 1112 ", "DE89 3704 ", "DE89"),
            *("password", "password=", "password=a1b2c3 ", "://a:", "://a:b@", "eyJaaaaaaaaa.", "tel ", "tel 2345678 "),
            *(
                "-----BEGIN PRIVATE KEY-----",
                "bearer a1B2c3d4e5f6g7h8 ",
                "sk-",
                "AKIA",
                "ghp_",
                "[EMAIL~",
                "\u00e9@",
                "4\u200b4\u200b4\u200b4\u200b ",
                "\uff14\uff14\uff14\uff14\u3000",
                "\0",
            ),
        )
    },
    "digits and separators": _noise("0123456789 .-"),
    "digits and spaces": _noise("0123456789    "),
    "hex and separators": _noise("0123456789abcdef:.-@ "),
    "capitals and digits": _noise("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    "base64": _noise(_BASE64),
    "base64 in words": " ".join("".join(_RANDOM.choices(_BASE64, k=24)) for _ in range(MEGABYTE // 25)),
    "ASCII": _noise("".join(map(chr, range(32, 127)))),
}


def cpu_ms(work: Callable[[], object], repeats: int) -> float:
    """Median milliseconds of CPU of `work`."""
    work()
    samples = []
    for _ in range(repeats):
        started = time.process_time_ns()
        work()
        samples.append((time.process_time_ns() - started) / 1e6)
    return statistics.median(samples)


def main() -> int:
    """Prints the table (or JSON)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    every, privacy = scanner(frozenset(NAMES)), Privacy()
    found: dict[str, dict[str, float]] = {}
    for name, unit in (("prose", _PROSE), ("mail", _MAIL)):
        for size, repeats in ((4_096, 101), (102_400, 15), (MEGABYTE, 3)):
            text = (unit * (size // len(unit) + 1))[:size]
            row = found.setdefault(name, {})
            row[f"all, {size:,}"] = round(cpu_ms(lambda text=text: every(text), repeats), 3)
            row[f"default, {size:,}"] = round(cpu_ms(lambda t=text: privacy.inspect(t, Place.RESULT), repeats), 3)
    hostile: dict[str, float] = {}
    for name, text in HOSTILE.items():
        started = time.process_time_ns()
        every(text)
        hostile[name] = round((time.process_time_ns() - started) / 1e6, 1)
    worst = max(hostile, key=lambda name: hostile[name])
    if options.json:
        print(json.dumps({"ms": found, "hostile_1MB_ms": hostile}, indent=2))
    else:
        for name, row in found.items():
            print(name.ljust(8) + "".join(f"{label:>20}: {value:8.3f} ms" for label, value in row.items()))
        print("1 MB, all kinds, slowest first, ms:")
        for name in sorted(hostile, key=lambda name: -hostile[name])[:8]:
            print(f"  {name!r:40} {hostile[name]:8.1f}")
    small = max(row[f"{kinds}, 4,096"] for row in found.values() for kinds in ("all", "default"))
    middle = max(row[f"{kinds}, 102,400"] for row in found.values() for kinds in ("all", "default"))
    return int(small > 0.3 or middle > 25 or hostile[worst] > 1_000)


if __name__ == "__main__":
    sys.exit(main())
