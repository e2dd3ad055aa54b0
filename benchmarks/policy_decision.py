"""CPU of one policy decision by number of rules and shape of the policy.

    python benchmarks/policy_decision.py [--json]

Each figure is the median over repeats of the mean CPU time (process time, not wall time) of a decision, in
microseconds. Calls are spread evenly over the rules that match, first to last, so no place in the order is favoured.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from lockgate.decision import Call
from lockgate.guardrails import Policy, Rule
from lockgate.ports import Caller, History
from lockgate.spec import ToolSpec

SIZES = (10, 100, 1_000, 10_000)
TARGET_US = 5.0
_TOOLS = 100
_REPEATS = 25
_DECISIONS = 2_000


class _NoArguments(BaseModel):
    pass


def _spec(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="", args_model=_NoArguments, run=print, is_async=False)


def _spread(i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ranges of amounts on many tools."""
    tool, band = f"tool_{i % _TOOLS}", i // _TOOLS
    args = {"amount": {"min": band * 10, "max": band * 10 + 9}, "currency": {"one_of": ["EUR", "USD"]}}
    return {"tools": [tool], "args": args}, {"amount": band * 10 + 5, "currency": "EUR"}


def _even(i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same ranges, always ten rules a tool."""
    fields, args = _spread(i % 10 * _TOOLS)
    return fields | {"tools": [f"tool_{i // 10}"]}, args


def _mixed(i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Many tools; each rule with a role, a trust bound, a pattern and a range."""
    tool, band = f"tool_{i % _TOOLS}", i // _TOOLS
    args = {"order": {"matches": f"ORD-{band}-[0-9]+"}, "amount": {"max": 100}}
    when = {"role": ["clerk"], "trust": {"at_most": "internal"}}
    return {"tools": [tool], "args": args, "when": when}, {"order": f"ORD-{band}-77", "amount": 50}


def _equals(i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One tool; each rule for one text."""
    return {"tools": ["query"], "args": {"table": {"equals": f"table_{i}"}}}, {"table": f"table_{i}"}


def _patterns(i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One tool; each rule with a pattern of its own."""
    return {"tools": ["query"], "args": {"table": {"matches": f"table_{i}_[a-z]+"}}}, {"table": f"table_{i}_x"}


SHAPES: dict[str, Callable[[int], tuple[dict[str, Any], dict[str, Any]]]] = {
    "100 tools, ranges": _spread,
    "10 rules a tool, ranges": _even,
    "100 tools, conditions and patterns": _mixed,
    "one tool, texts": _equals,
    "one tool, patterns": _patterns,
}


def measure(shape: Callable[[int], tuple[dict[str, Any], dict[str, Any]]], size: int) -> dict[str, float]:
    """Median microseconds of CPU of a decision, and milliseconds of CPU to compile the policy."""
    rows = [shape(i) for i in range(size)]
    rules = [Rule(id=f"r{i}", action="allow", **fields) for i, (fields, _) in enumerate(rows)]
    started = time.process_time_ns()
    policy = Policy(rules)
    compiled = (time.process_time_ns() - started) / 1e6
    history = History(caller=Caller(user="u", roles=frozenset({"clerk"})))
    step = max(1, size // 200) + 2 * (size > 200)  # shares no factor with 10, so every place in a tool's rules is met
    work = [
        (Call(id="c", name=fields["tools"][0], args=args), _spec(fields["tools"][0])) for fields, args in rows[::step]
    ]
    for place, (call, spec) in enumerate(work):
        assert policy.decide(call, spec, history).rule == f"r{place * step}"
    rounds = max(1, _DECISIONS // len(work))
    samples = []
    decide = policy.decide
    for _ in range(_REPEATS):
        started = time.process_time_ns()
        for _ in range(rounds):
            for call, spec in work:
                decide(call, spec, history)
        samples.append((time.process_time_ns() - started) / 1e3 / rounds / len(work))
    return {"median_us": round(statistics.median(samples), 3), "compile_ms": round(compiled, 1)}


def main() -> int:
    """Prints the table (or JSON); exits with 1 when 1,000 rules miss the target in the first shape."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--max-rules", type=int, default=SIZES[-1], help="leave out larger policies")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.max_rules]
    found = {name: {str(size): measure(shape, size) for size in sizes} for name, shape in SHAPES.items()}
    ratios = {
        name: round(row["1000"]["median_us"] / row["10"]["median_us"], 2)
        for name, row in found.items()
        if "1000" in row
    }
    if options.json:
        print(json.dumps({"shapes": found, "ratio_1000_to_10": ratios, "target_us": TARGET_US}, indent=2))
    else:
        print(f"{'CPU of one decision, median, us':36}" + "".join(f"{size:>10,}" for size in sizes) + "   1,000 / 10")
        for name, row in found.items():
            figures = "".join(f"{row[str(size)]['median_us']:>10.2f}" for size in sizes)
            print(f"{name:36}{figures}{ratios.get(name, 0):>13.2f}")
        print(f"{'CPU to compile the policy, ms':36}")
        for name, row in found.items():
            print(f"{name:36}" + "".join(f"{row[str(size)]['compile_ms']:>10.1f}" for size in sizes))
    slow = [name for name, row in found.items() if row.get("1000", {"median_us": 0.0})["median_us"] > TARGET_US]
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
