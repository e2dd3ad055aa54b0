"""The list of threads, and `show`."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.errors import ConfigError

if TYPE_CHECKING:
    from lockgate.runtime import Approval, Run, TimedEvent

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def list_threads(limit: int, *, as_json: bool) -> None:
    """Prints the threads, the one used last first."""
    from lockgate.cli.screen import err, one_line, print_json, print_table, table
    from lockgate.cli.store import records, run

    async def read() -> list[Any]:
        async with records() as record:
            return await record.threads(limit)

    found = run(read())
    if as_json:
        print_json([asdict(item) for item in found])
        return
    if not found:
        err().print("There is no thread yet. Start one: lockgate run react 'What is 12 * 34?'")
        return
    listing = table("thread", "graph", "status", "waiting", "updated (UTC)")
    for item in found:
        updated = item.updated.astimezone(UTC)
        waits = str(item.pending) if item.pending else ""
        listing.add_row(
            one_line(item.thread_id), one_line(item.graph, 40), item.status, waits, f"{updated:%Y-%m-%d %H:%M:%S}"
        )
    print_table(listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that the record and the last checkpoint know of a thread. Nothing of it needs the graph."""

    thread_id: str
    runs: "list[Run]"
    events: "list[TimedEvent]"
    approvals: "dict[str, Approval]"
    answer: str | None
    status: str


def show(
    thread: Annotated[str, typer.Argument(help="The thread; `lockgate threads` lists them.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Also steps that only pass things on; with --at, all items.")
    ] = False,
    view: Annotated[str, typer.Option(help="Draw the last run instead: gantt, flow or states.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Draw the view into this SVG file.")] = None,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print the view as Mermaid.")] = False,
    at: Annotated[str | None, typer.Option(help="The state at this moment of `lockgate history` instead.")] = None,
    namespace: Annotated[str, typer.Option(help="With --at: of this subgraph.")] = "",
    graph: Annotated[str, typer.Option("--graph", help="With --at: for a thread that another program started.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what happened in a thread: steps, decisions with rule and reason, waits, tokens, time, the answer."""
    from lockgate.cli.screen import err, out, print_json, safe, styled
    from lockgate.cli.store import run

    if at is not None:
        from lockgate.cli.travel import named, show_at

        show_at(thread, named(at), namespace, graph, everything=everything, as_json=as_json)
        return
    if namespace or graph:
        raise ConfigError("--namespace and --graph say which state; without --at none is shown.", "Name a moment: --at")
    story = run(_read(thread))
    if view or svg or mermaid:
        from lockgate.cli.viewing import show_view

        show_view(story.runs, story.events, story.status, view=view or "gantt", svg=svg, mermaid=mermaid)
        return
    if as_json:
        data = {
            "thread": thread,
            "status": story.status,
            "answer": story.answer,
            "runs": [{**asdict(item), "usage": item.usage.model_dump()} for item in story.runs],
            "events": [asdict(event) for event in story.events],
            "approvals": [asdict(item) for item in story.approvals.values()],
        }
        print_json(data)
        return
    out().print(styled("thread ", (safe(thread), "bold"), f"  {safe(story.status)}"))
    for item in story.runs:
        _show_run(story, item, everything=everything)
    known = {item.run_id for item in story.runs}
    if strays := [event for event in story.events if event.run_id not in known]:
        out().print("\nnot part of a run")
        _show_steps(story, strays, strays[0].started, everything=everything)
    if story.answer:
        out().print(styled(("\nanswer\n", "bold"), safe(story.answer)))
    if story.status == "waiting":
        err().print("\nAnswer with: lockgate approve ID, lockgate reject ID or lockgate edit ID")
    elif story.status == "running":
        err().print(f"\nIt runs now, or was cut short. Then go on with: lockgate resume {safe(thread)}")


async def _read(thread: str) -> Story:
    from lockgate.cli.store import latest, opened
    from lockgate.runtime import Records

    async with opened() as saver:
        values = (await latest(saver, thread)).checkpoint["channel_values"]
        record = Records(saver)
        runs = await record.runs(thread)
        approvals = {item.interrupt_id: item for item in await record.approvals(None, thread_id=thread)}
        events = await record.events(thread)
    status = runs[-1].status if runs else str(values.get("status") or "")
    if any(item.status == "pending" for item in approvals.values()):
        status = "waiting"
    answer = values.get("answer")
    return Story(
        thread_id=thread, runs=runs, events=events, approvals=approvals, answer=answer and str(answer), status=status
    )


def _show_run(story: Story, run: "Run", *, everything: bool) -> None:
    from lockgate.cli.screen import one_line, out, styled

    facts = [one_line(run.graph, 40), *(f"{name} {one_line(value, 60)}" for name, value in _spec(run).items())]
    out().print(
        styled(
            ("\nrun ", "bold"),
            f"{one_line(run.run_id[:8])}  {run.started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  ",
            "  ".join(fact for fact in facts if fact),
        )
    )
    events = [event for event in story.events if event.run_id == run.run_id]
    begun = min((event.started for event in events), default=run.started)
    _show_steps(story, events, begun, everything=everything)
    out().print(styled("  ", (_totals(run, events, begun), "dim")))


def _spec(run: "Run") -> dict[str, Any]:
    shown = {name: run.spec.get(name) for name in ("model", "policy", "tools", "user", "roles")}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in shown.items()
        if value
    }


def _show_steps(story: Story, events: "list[TimedEvent]", begun: datetime, *, everything: bool) -> None:
    from lockgate.cli.screen import out
    from lockgate.cli.timeline import QUIET_NODES, step

    for event in events:
        if event.kind == "node" and event.node in QUIET_NODES and not everything:
            continue
        out().print(
            step(
                kind=event.kind,
                node=event.node,
                name=event.name,
                status=event.status,
                seconds=None if event.ended is None else (event.ended - event.started).total_seconds(),
                detail=event.detail,
                said=_wait(story.approvals.get(event.interrupt_id or "")) if event.kind == "wait" else "",
                at=(event.started - begun).total_seconds(),
            )
        )


def _wait(approval: "Approval | None") -> str:
    """For whom it waits, or what they said."""
    from lockgate.cli.approvals import said
    from lockgate.cli.review import SHOWN_ID
    from lockgate.cli.screen import one_line

    if approval is None:
        return ""
    short = approval.interrupt_id[:SHOWN_ID]
    if approval.status == "pending":
        value = approval.value if isinstance(approval.value, dict) else {}
        whom = " or ".join(map(str, value.get("approvers") or ())) or "anyone"
        until = f", until {approval.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if approval.expires_at else ""
        return one_line(f"{short} for {whom}{until}")
    return one_line(f"{short} {said(approval.answer)}", 300)


def _totals(run: "Run", events: "list[TimedEvent]", begun: datetime) -> str:
    from lockgate.telemetry import duration

    now = datetime.now(UTC)
    model = [event for event in events if event.kind == "model"]
    waited = sum(((event.ended or now) - event.started).total_seconds() for event in events if event.kind == "wait")
    last = max((event.ended or now for event in events), default=run.updated)
    calls = sum(event.kind == "call" for event in events)
    parts = [
        f"{len(model)} model call{'s' * (len(model) != 1)}",
        f"{calls} tool call{'s' * (calls != 1)}",
        f"{sum(event.detail.get('input_tokens', 0) for event in model):,} tokens in",
        f"{sum(event.detail.get('output_tokens', 0) for event in model):,} out",
        f"{duration((last - begun).total_seconds())} in all",
    ]
    if waited:
        parts.append(f"{duration(waited)} of it waiting for a person")
    return ", ".join(parts)
