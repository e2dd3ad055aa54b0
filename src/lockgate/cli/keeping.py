"""`threads` and, below it, `prune`, `erase`, `rotate` and `import`: what is kept, for how long, and under which key."""

import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from lockgate.errors import ConfigError

threads = typer.Typer(add_completion=False, rich_markup_mode=None, help="List the threads; say what of them is kept.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@threads.callback(invoke_without_command=True)
def listing(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the threads, the one used last first."""
    if ctx.invoked_subcommand is None:
        from lockgate.cli.threads import list_threads

        list_threads(limit, as_json=as_json)


@threads.command("prune", epilog="\b\nExample:\n  lockgate threads prune --older-than 30d --keep 1 --dry-run")
def prune(
    keep: Annotated[int, typer.Option(min=0, help="Checkpoints to keep of each; 0 deletes the threads.")],
    older_than: Annotated[str, typer.Option(help="Only threads not used for so long: 90m, 12h, 30d, 8w.")] = "0d",
    status: Annotated[list[str], typer.Option(help="Only these; without it, all that have ended.")] = [],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Delete what is not needed any more. Effects and the audit log stay whole."""
    from lockgate.cli.duration import duration
    from lockgate.cli.screen import one_line, out, print_json, print_table, table
    from lockgate.cli.store import opened, run
    from lockgate.runtime.erasure import ENDED, Retention
    from lockgate.runtime.erasure import prune as apply

    rule = Retention(keep=keep, older_than=timedelta(seconds=duration(older_than)), statuses=tuple(status) or ENDED)

    async def go() -> list[Any]:
        async with opened() as saver:
            found = await apply(saver, rule, dry_run=True)
            if dry_run or not found:
                return found
            what = f"Keep {keep} checkpoint(s) of" if keep else "Delete"
            _sure(f"{what} {len(found)} thread(s)?", yes=yes or as_json)
            return await apply(saver, rule)

    found = run(go())
    if as_json:
        print_json([asdict(item) for item in found])
        return
    if not found:
        out().print("No thread falls under that rule.")
        return
    rows = table("thread", "status", "updated (UTC)", "bytes", "kept")
    for item in found:
        after = "?" if dry_run else f"{item.after:,}"
        rows.add_row(one_line(item.thread_id), item.status, f"{item.updated:%Y-%m-%d %H:%M}", f"{item.before:,}", after)
    print_table(rows)


@threads.command("erase", epilog="\b\nExample:\n  lockgate threads erase --user ann --yes --json > receipt.json")
def erase(
    user: Annotated[str, typer.Option(help="Erase all threads that ran for this person.")] = "",
    tenant: Annotated[str, typer.Option(help="Erase all of this tenant, or with --user that person of it.")] = "",
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Erase one person's data and print a receipt. Effects and the audit log stay whole."""
    from lockgate.cli.screen import out, print_json
    from lockgate.cli.store import opened, run
    from lockgate.runtime.erasure import erase as apply

    if user or tenant:
        _sure(f"Erase every thread of {user or 'everybody'}{f' in {tenant}' if tenant else ''}?", yes=yes)

    async def go() -> Any:
        async with opened() as saver:
            return await apply(saver, user=user, tenant=tenant)

    receipt = run(go())
    if as_json:
        print_json({**asdict(receipt), "digest": receipt.digest})
        return
    gone = ", ".join(f"{count:,} {table}" for table, count in receipt.rows.items())
    kept = ", ".join(f"{count:,} {table}" for table, count in receipt.kept.items())
    out().print(f"erased {len(receipt.threads)} thread(s) on {receipt.at:%Y-%m-%d %H:%M:%S} UTC: {gone}")
    out().print(f"kept by design: {kept}\nreceipt {receipt.digest}")


@threads.command("rotate", epilog="\b\nExample:\n  LOCKGATE_ENCRYPTION_KEYS=new=...,old=... lockgate threads rotate")
def rotate(as_json: AsJson = False) -> None:
    """Encrypt all that is stored with the first key; afterwards the others can go."""
    from lockgate.cli.screen import out, print_json
    from lockgate.cli.store import opened, run
    from lockgate.runtime.rotation import rotate as apply

    async def go() -> int:
        async with opened() as saver:
            return await apply(saver)

    count = run(go())
    if as_json:
        print_json({"changed": count})
    else:
        out().print(f"{count:,} row(s) changed.")


@threads.command("import", epilog="\b\nExample:\n  lockgate threads import --from postgresql://localhost/app --dry-run")
def take_over(
    source: Annotated[
        str, typer.Option("--from", help="Database of LangGraph's saver; without it, the same one.")
    ] = "",
    thread: Annotated[list[str], typer.Option(help="Only this thread; may be given again.")] = [],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take over threads of LangGraph's own Postgres saver, with their whole history. May be run again."""
    from lockgate.cli.screen import err, one_line, out, print_json, print_table, table
    from lockgate.cli.store import opened, run
    from lockgate.runtime.importing import import_threads, stock_saver

    async def go() -> list[Any]:
        async with opened() as saver, stock_saver(saver, source) as stock:
            with err().status("reading") as status:

                def progress(thread_id: str, done: int, of: int) -> None:
                    status.update(f"{one_line(thread_id, 60)}: {done:,} of {of:,}")

                taking = import_threads(saver, stock, threads=thread, dry_run=dry_run, progress=progress)
                return [item async for item in taking]

    found = run(go())
    refused = [item for item in found if item.outcome == "refused"]
    if as_json:
        print_json([asdict(item) for item in found])
    elif not found:
        out().print("There is no thread to import.")
    else:
        rows = table("thread", "outcome", "checkpoints", "added", "reason")
        for item in found:
            numbers = (f"{item.checkpoints:,}", f"{item.added:,}")
            rows.add_row(one_line(item.thread_id), item.outcome, *numbers, one_line(item.reason, 200))
        print_table(rows)
    if refused:
        raise typer.Exit(1)


def _sure(question: str, *, yes: bool) -> None:
    if yes:
        return
    try:
        typer.confirm(question, abort=True, err=True)
    except typer.Abort:
        if sys.stdin.isatty():  # a person has said no, or Ctrl-C
            raise
        raise ConfigError("Nobody has said yes, so nothing is done.", "Answer beforehand: --yes") from None
