"""`history`, `diff`, `fork` and `replay`, and `show --at`: a thread at other moments than its last."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from lockgate.cli.stated import counted, plain, print_changes, print_state, values

if TYPE_CHECKING:
    from lockgate.effect import Effect
    from lockgate.graphs.travel import Change, Graph, Moment

T = TypeVar("T")
Thread = Annotated[str, typer.Argument(help="The thread; `lockgate threads` lists them.")]


def named(value: str | None) -> Any:
    """An id that somebody's script left empty is not the one that nobody gave."""
    if value == "":
        from lockgate.errors import UnknownNameError

        raise UnknownNameError("An empty id names no moment.", "List them: lockgate history THREAD")
    return value


A_MOMENT = "A moment: an id of `lockgate history`, or its beginning or end."
At = Annotated[str | None, typer.Option(callback=named, help=A_MOMENT)]
Namespace = Annotated[str, typer.Option(help="Of a subgraph; `lockgate show THREAD --at ID` names them.")]
GraphName = Annotated[str, typer.Option("--graph", help="For a thread that another program started.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]

SHORT = 8
"""Characters at the end of a moment's id that are shown; ids of one thread begin alike."""
_WIDTH = 60


def history(
    thread: Thread,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    namespace: Namespace = "",
    graph: GraphName = "",
    as_json: AsJson = False,
) -> None:
    """List the moments of a thread, newest first: what was to run next, and what had been said."""
    from lockgate.cli.screen import one_line, print_json, print_table, table
    from lockgate.graphs import travel

    async def read(built: "Graph") -> "list[Moment]":
        return [item async for item in travel.history(built, thread, namespace=namespace, limit=limit)]

    found = _with_graph(thread, graph, read)
    if as_json:
        print_json([_moment(item) for item in found])
        return
    listing = table("moment", "after", "step", "at (UTC)", "next", "messages", "last")
    for item in found:
        waits = f" ({item.waiting} waiting)" if item.waiting else ""
        listing.add_row(
            item.id[-SHORT:],
            item.parent[-SHORT:],
            f"{item.step} {item.source}" if item.source in ("fork", "update") else str(item.step),
            f"{item.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3],
            one_line(counted(item.next) + waits) or one_line(item.status),
            str(item.messages),
            one_line(item.last, _WIDTH),
        )
    print_table(listing)


def diff(
    thread: Thread,
    before: Annotated[str, typer.Argument(callback=named, help="A moment, as `lockgate history` lists them.")],
    after: Annotated[str | None, typer.Argument(callback=named, help="Another; the last one when left out.")] = None,
    namespace: Namespace = "",
    graph: GraphName = "",
    as_json: AsJson = False,
) -> None:
    """Say what changed between two moments: messages, decisions, usage, and the rest of the state."""
    from lockgate.cli.screen import print_json
    from lockgate.graphs import travel

    async def read(built: "Graph") -> "list[Change]":
        sides = [await travel.state_at(built, thread, at, namespace=namespace) for at in (before, after or "")]
        return [
            item for item in travel.changes(sides[0].values, sides[1].values) if item.path.split(".")[0] != "events"
        ]

    found = _with_graph(thread, graph, read)
    if as_json:
        print_json([_change(item) for item in found])
    else:
        print_changes(found)


def fork(
    thread: Thread,
    at: Annotated[str, typer.Option(callback=named, help="The moment to go on from.")],
    change: Annotated[
        list[str], typer.Option("--set", help="path=value in the state; may be given several times.")
    ] = [],
    graph: GraphName = "",
    as_json: AsJson = False,
) -> None:
    """Make an earlier moment the thread's latest, changed if you like; `lockgate resume` goes on from there."""
    from lockgate.cli.review import read_setting
    from lockgate.cli.screen import err, out, print_json, safe
    from lockgate.graphs import travel

    settings = dict(read_setting(item) for item in change)

    async def make(built: "Graph") -> "tuple[Moment, list[Effect]]":
        since = await travel.effects_since(built, thread, await travel.state_at(built, thread, at))
        await travel.fork(built, thread, at, settings)
        return travel.moment(await travel.state_at(built, thread)), since

    made, since = _with_graph(thread, graph, make)
    if as_json:
        effects = [{"tool": one.tool, "key": one.key, "status": one.status, "at": one.claimed_at} for one in since]
        print_json({**_moment(made), "effects_since": effects})
        return
    out().print(f"moment {made.id[-SHORT:]}, next: {safe(counted(made.next)) or 'nothing'}")
    if since:
        tools = ", ".join(sorted({one.tool for one in since}))
        err().print(
            safe(f"Since then the thread had {len(since)} effect(s) ({tools}). Those asked for before this moment are")
        )
        err().print("answered from the ledger; what a model asks for anew is new, also a worker's that starts over.")
    if made.next:
        err().print(f"Go on: lockgate resume {safe(thread)}")


def replay(
    thread: Thread,
    at: At = None,
    policy: Annotated[str, typer.Option(help="Judge by this policy file or shipped pack instead.")] = "",
    graph: GraphName = "",
    as_json: AsJson = False,
) -> None:
    """Play a run again from a moment, with the recorded answers of models, tools and people: nothing is called.

    Exit code 1 when it comes out otherwise, or asks for something that was never recorded.
    """
    from lockgate.cli.screen import err, out, print_json, safe
    from lockgate.graphs.replay import replay as play

    async def again(built: "Graph") -> Any:
        return await play(built, thread, at or "")

    found = _with_graph(thread, graph, again, policy=policy)
    if as_json:
        print_json({"same": found.same, "misses": found.misses, "changes": [_change(item) for item in found.changes]})
    else:
        out().print("It comes out as it did." if found.same else "It comes out otherwise.")
        print_changes(found.changes)
        for miss in found.misses:
            err().print(safe(f"miss: {miss}"), style="bold red")
    raise typer.Exit(0 if found.same else 1)


def show_at(thread: str, at: str, namespace: str, graph: str, *, everything: bool, as_json: bool) -> None:
    """The state at a moment, a row for each key; the states of subgraphs under way below it."""
    from lockgate.cli.screen import out, print_json, styled
    from lockgate.graphs import travel

    async def read(built: "Graph") -> Any:
        found = await travel.state_at(built, thread, at, namespace=namespace)
        return found, await travel.inside(built, found)

    snapshot, below = _with_graph(thread, graph, read)
    if as_json:
        print_json({**_snapshot(snapshot), "subgraphs": [_snapshot(one) for one in below]})
        return
    for found in (snapshot, *below):
        item = travel.moment(found)
        name = f"  {item.namespace}" if item.namespace else ""
        at_utc = f"{item.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        out().print(styled((f"moment {item.id[-SHORT:]}{name}", "bold"), f"  step {item.step}  {at_utc}"))
        print_state(found, everything=everything)


def _with_graph(
    thread: str,
    graph: str,
    use: "Callable[[Graph], Awaitable[T]]",
    *,
    policy: str = "",
) -> T:
    """What `use` makes of the thread's graph, rebuilt from what was recorded."""
    from lockgate.cli.launch import recorded
    from lockgate.cli.run import absolute_policy
    from lockgate.cli.store import latest, opened, run

    async def body() -> T:
        async with opened() as saver:
            launch = recorded((await latest(saver, thread)).metadata, thread, graph)
            built = await launch.changed(policy=absolute_policy(policy, Path.cwd())).build(saver)
            return await use(built)

    return run(body())


def _moment(item: "Moment") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(item)


def _change(item: "Change") -> dict[str, Any]:
    return {"path": item.path, "place": item.place, "before": plain(item.before), "after": plain(item.after)}


def _snapshot(snapshot: Any) -> dict[str, Any]:
    from lockgate.graphs import travel

    item = _moment(travel.moment(snapshot))
    return {**item, "values": {name: plain(value) for name, value in values(snapshot).items()}}
