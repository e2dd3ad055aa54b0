"""`history`, `diff`, `fork` and `replay`, and `show --at`: a thread at other moments than its last."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from lockgate.effect import Effect
    from lockgate.graphs.travel import Change, Graph, Moment

T = TypeVar("T")
Thread = Annotated[str, typer.Argument(help="The thread; `lockgate threads` lists them.")]
At = Annotated[str, typer.Option(help="A moment: an id of `lockgate history`, or its beginning or end.")]
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
            one_line(_counted(item.next) + waits) or one_line(item.status),
            str(item.messages),
            one_line(item.last, _WIDTH),
        )
    print_table(listing)


def diff(
    thread: Thread,
    before: Annotated[str, typer.Argument(help="A moment, as `lockgate history` lists them.")],
    after: Annotated[str, typer.Argument(help="Another; the last one when left out.")] = "",
    namespace: Namespace = "",
    graph: GraphName = "",
    as_json: AsJson = False,
) -> None:
    """Say what changed between two moments: messages, decisions, usage, and the rest of the state."""
    from lockgate.cli.screen import print_json
    from lockgate.graphs import travel

    async def read(built: "Graph") -> "list[Change]":
        sides = [await travel.state_at(built, thread, at, namespace=namespace) for at in (before, after)]
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
    at: Annotated[str, typer.Option(help="The moment to go on from.")],
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

    made, since = _with_graph(thread, graph, make, alone=True)
    if as_json:
        effects = [{"tool": one.tool, "key": one.key, "status": one.status, "at": one.claimed_at} for one in since]
        print_json({**_moment(made), "effects_since": effects})
        return
    out().print(f"moment {made.id[-SHORT:]}, next: {safe(_counted(made.next)) or 'nothing'}")
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
    at: At = "",
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
        return await play(built, thread, at)

    found = _with_graph(thread, graph, again, policy=policy)
    if as_json:
        print_json({"same": found.same, "misses": found.misses, "changes": [_change(item) for item in found.changes]})
    else:
        out().print("It comes out as it did." if found.same else "It comes out otherwise.")
        print_changes(found.changes)
        for miss in found.misses:
            err().print(safe(f"miss: {miss}"), style="bold red")
    raise typer.Exit(0 if found.same else 1)


def show_at(thread: str, at: str, namespace: str, graph: str, *, as_json: bool) -> None:
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
        out().print(
            styled((f"moment {item.id[-SHORT:]}{name}", "bold"), f"  step {item.step}  {item.at:%Y-%m-%d %H:%M:%S}")
        )
        _print_state(found)


def print_changes(found: "Sequence[Change]") -> None:
    """A table of what differs, a row for each place."""
    from lockgate.cli.screen import one_line, out, print_table, table

    if not found:
        out().print("Nothing differs.")
        return
    listing = table("place", "before", "after")
    for item in found:
        listing.add_row(one_line(item.path), one_line(_text(item.before), _WIDTH), one_line(_text(item.after), _WIDTH))
    print_table(listing)


def _print_state(snapshot: Any) -> None:
    from lockgate.cli.screen import one_line, print_table, table

    listing = table("key", "value")
    for name, value in _values(snapshot).items():
        items = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, list)
            else None
        )
        if not items:
            listing.add_row(one_line(name), one_line(_text(value), 200) if items is None else "")
            continue
        for index, (key, item) in enumerate(items):
            listing.add_row(one_line(name) if not index else "", one_line(f"{key}: {_text(item)}", 200))
    if snapshot.tasks:
        listing.add_row("next", one_line(_counted([task.name for task in snapshot.tasks])))
    print_table(listing)


def _values(snapshot: Any) -> dict[str, Any]:
    values = snapshot.values if isinstance(snapshot.values, dict) else {"value": snapshot.values}
    return {name: value for name, value in values.items() if name != "events"}


def _with_graph(
    thread: str,
    graph: str,
    use: "Callable[[Graph], Awaitable[T]]",
    *,
    policy: str = "",
    alone: bool = False,
) -> T:
    """What `use` makes of the thread's graph, rebuilt from what was recorded; `alone` while it holds the thread."""
    from lockgate.cli.launch import recorded
    from lockgate.cli.run import absolute_policy
    from lockgate.cli.store import latest, opened, run
    from lockgate.runtime import thread_lease

    async def body() -> T:
        async with opened() as saver:
            launch = recorded((await latest(saver, thread)).metadata, thread, graph)
            built = await launch.changed(policy=absolute_policy(policy, Path.cwd())).build(saver)
            if not alone:
                return await use(built)
            async with thread_lease(saver, thread):
                return await use(built)

    return run(body())


def _moment(item: "Moment") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(item)


def _change(item: "Change") -> dict[str, Any]:
    return {"path": item.path, "before": _plain(item.before), "after": _plain(item.after)}


def _snapshot(snapshot: Any) -> dict[str, Any]:
    from lockgate.graphs import travel

    item = _moment(travel.moment(snapshot))
    values = {name: _plain(value) for name, value in _values(snapshot).items()}
    return {**item, "values": values}


def _plain(value: Any) -> Any:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value, fallback=repr)
    except (PydanticSerializationError, ValueError):
        return repr(value)


def _text(value: Any) -> str:
    """A value in a line: what a message says, what was decided, where it came from, else JSON."""
    import json

    from langchain_core.messages import BaseMessage

    from lockgate.decision import Ruling, verb
    from lockgate.labels import Label

    if value is None:
        return "-"
    if isinstance(value, Ruling):
        by = f" by {value.by}" if value.by else ""
        return f"{value.tool} {verb(value.decision)}{by}, {value.decision.rule}: {value.decision.reason}"
    if isinstance(value, Label):
        readers = "" if value.readers is None else f", for {', '.join(sorted(value.readers)) or 'nobody'}"
        return f"{value.integrity}{readers}" + (f" ({', '.join(sorted(value.sources))})" if value.sources else "")
    if isinstance(value, BaseMessage):
        calls = "".join(
            f" → {call['name']}({json.dumps(call['args'], default=repr)})" for call in getattr(value, "tool_calls", ())
        )
        return f"{value.type}: {f'{value.text}{calls}'.strip()}"
    return value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False, default=repr)


def _counted(names: Sequence[str]) -> str:
    return ", ".join(
        f"{name} x{names.count(name)}" if list(names).count(name) > 1 else name for name in dict.fromkeys(names)
    )
