"""`effects`: the ledger, as a table or as JSON."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from lockgate.effect import Effect


def effects(
    thread: Annotated[str, typer.Argument(help="A thread; without one, the newest effects of all threads.")] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not settled for good.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, without a thread.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """List what tools have changed outside, and what is in doubt."""
    from lockgate.cli.screen import err, one_line, print_json, print_table, table
    from lockgate.cli.store import latest, opened, run

    async def read() -> list["Effect"]:
        async with opened() as saver:
            if not thread:
                return await saver.ledger.newest(limit, only_open=only_open)
            found = await saver.ledger.of_thread(thread)
            if not found:
                await latest(saver, thread)  # raises when there is no such thread
            return found

    from lockgate.effect import FINAL

    found = [effect for effect in run(read()) if not (only_open and effect.status in FINAL)]
    if as_json:
        print_json([{**asdict(effect), "state": state(effect)} for effect in found])
        return
    if not found:
        err().print("There are no such effects." if only_open else "There are no effects.")
        return
    listing = table("key", "thread", "tool", "arguments", "state", "attempts", "claimed (UTC)", "known")
    for effect in found:
        listing.add_row(
            effect.key[:8],
            one_line(effect.thread_id, 60),
            one_line(effect.tool, 40),
            one_line(_json(effect.args), 80),
            state(effect),
            str(effect.attempt),
            f"{datetime.fromtimestamp(effect.claimed_at, UTC):%Y-%m-%d %H:%M:%S}",
            one_line(_known(effect), 120),
        )
    print_table(listing)


def state(effect: "Effect") -> str:
    """The status in a person's words: a claim whose runner lives is running, one whose runner is gone is unknown."""
    if effect.status == "claimed":
        return "running" if effect.running else "unknown"
    return str(effect.status)


def _known(effect: "Effect") -> str:
    undo = f"undoes {effect.undo_of[:8]}. " if effect.undo_of else ""
    by = f"settled by {effect.settled_by}. " if effect.settled_by else ""
    return undo + by + effect.evidence.replace("\n", " ")


def _json(value: Any) -> str:
    import json

    return "" if value is None else json.dumps(value, ensure_ascii=False, default=repr)
