"""`eval list` and `eval run`."""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from lockgate.errors import ConfigError

evals = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Measure guards and agents on suites of known attacks and tasks."
)

_GRACE = 3.0
"""Seconds that an eval has to put down what it was at when it is interrupted."""

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@evals.command("list", epilog="\b\nExample:\n  lockgate eval list --json")
def list_evals(as_json: AsJson = False) -> None:
    """List the evals and what each measures."""
    from lockgate.cli.screen import print_json, print_table, table
    from lockgate.evals import EVALS

    if as_json:
        print_json([{"name": name, "what": what} for name, (_, what) in EVALS.items()])
        return
    listing = table("eval", "what it measures")
    for name, (_, what) in EVALS.items():
        listing.add_row(name, what)
    print_table(listing)


@evals.command(
    "run", epilog="\b\nExample:\n  lockgate eval run agentdojo --suite banking --limit 20 --must attack_success=0"
)
def run_eval(
    name: Annotated[str, typer.Argument(help="As `lockgate eval list` names it.")],
    suite: Annotated[list[str], typer.Option(help="Only this suite of it; may be repeated.")] = [],
    policy: Annotated[str, typer.Option(help="A policy file or the name of a pack, instead of the suite's own.")] = "",
    model: Annotated[str, typer.Option(help="provider:name of a real model to play the agent.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many tasks, and attacks, a suite.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="So many seeded runs.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Only the run of this seed, to see it again.")] = None,
    option: Annotated[list[str], typer.Option("--set", help="NAME=VALUE, an option of this eval.")] = [],
    must: Annotated[list[str], typer.Option(help="FIGURE=BOUND; exit with 1 when any row is worse.")] = [],
    as_json: AsJson = False,
) -> None:
    """Run an eval: progress on stderr, figures on stdout. The page docs/evals.md says what each figure means."""
    from lockgate.bridge import run_sync
    from lockgate.cli.screen import err, out, print_json
    from lockgate.evals import load_eval
    from lockgate.evals.report import parse_bounds

    found = load_eval(name)
    bounds = {**found.must, **parse_bounds(must, found.measures)}
    given: dict[str, Any] = {"suite": suite, "policy": policy, "model": model, "limit": limit, "seeds": seeds}
    options = found.parse(
        {key: value for key, value in given.items() if value}
        | ({} if seed is None else {"seed": seed})
        | _settings(option)
    )
    far = _Progress()
    try:
        report = run_sync(found.run(options, far))
    except KeyboardInterrupt:
        err().print(f"interrupted {far}, so there are no figures. Less of it: --limit, --suite or --seeds")
        _left_behind()
        raise typer.Exit(130) from None
    if as_json:
        print_json(report.as_json())
    else:
        out().print(report.as_text())
    if broken := report.broken(bounds):
        for line in broken:
            err().print(line, style="bold red")
        raise typer.Exit(1)


def _left_behind() -> None:
    """Waits for what was cancelled to end; ends the process at once when it still computes.

    The interpreter cannot go down in good order around a thread that is in the middle of compiled code.
    """
    from lockgate.bridge import background_loop

    async def ended() -> bool:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return not others or not (await asyncio.wait(others, timeout=_GRACE))[1]

    with suppress(TimeoutError, KeyboardInterrupt):
        if asyncio.run_coroutine_threadsafe(ended(), background_loop()).result(2 * _GRACE):
            return
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)


def _settings(texts: list[str]) -> dict[str, Any]:
    """Options from NAME=VALUE."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"{text!r} sets nothing.", "Write --set NAME=VALUE.")
        settings[name] = value
    return settings


class _Progress:
    """A line on stderr for each tenth that is done."""

    def __init__(self) -> None:
        self._tenth = -1
        self._far = "before the first run"

    def __call__(self, done: int, total: int, what: str) -> None:
        from lockgate.cli.screen import err

        self._far = f"after {done} of {total} ({what})"
        tenth = 10 * done // max(total, 1)
        if tenth != self._tenth:
            self._tenth = tenth
            err().print(f"{what}: {done} of {total}")

    def __str__(self) -> str:
        return self._far
