"""`audit verify`, `audit show`, `audit export`, `audit sign`, `audit key` and `audit grant`."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.errors import ConfigError

if TYPE_CHECKING:
    from lockgate.runtime.audit_check import Verdict
    from lockgate.runtime.audit_heads import SignedHead

audit = typer.Typer(add_completion=False, rich_markup_mode=None, help="Check, read and sign the audit log.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Thread = Annotated[str, typer.Option(help="Only this thread.")]
Run = Annotated[str, typer.Option(help="Only this run.")]


@audit.command("verify", epilog="\b\nExample:\n  lockgate audit verify --key audit.key.pub --heads heads.jsonl")
def verify(
    key: Annotated[Path | None, typer.Option(help="Public key that must have signed the heads.")] = None,
    heads: Annotated[Path | None, typer.Option(help="Signed heads that were kept elsewhere, one a line.")] = None,
    export: Annotated[Path | None, typer.Option("--file", help="Check an exported file, not the database.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find every changed, missing or reordered row and name it. Code 1 when there is one."""
    from lockgate.cli.screen import err, one_line, out, print_json, styled
    from lockgate.cli.store import opened, run
    from lockgate.runtime import audit_check
    from lockgate.runtime.audit_heads import public_key

    public, kept = public_key(key) if key else None, _heads(heads)

    async def check() -> "Verdict":
        if export is not None:
            with _open(export) as lines:
                return audit_check.verify_lines(lines, key=public, kept=kept)
        async with opened() as saver:
            return await audit_check.verify(saver.pools, key=public, kept=kept)

    try:
        found = run(check())
    except KeyboardInterrupt:
        err().print("interrupted: not all rows were read, so nothing is known of the log. Run it again.")
        raise typer.Exit(130) from None
    if as_json:
        flaws = [{"what": f.what, "row": f.seq, "last": f.last, "message": f.message} for f in found.flaws]
        vouched = {"row": found.signed.seq, "at": found.signed.at, "key": found.signed.key} if found.signed else None
        print_json({"ok": found.ok, "rows": found.rows, "flaws": flaws, "count": found.count, "signed": vouched})
    else:
        for flaw in found.flaws:
            out().print(styled((flaw.what, "bold red"), f"  {one_line(flaw.message)}"))
        if found.count > len(found.flaws):
            out().print(f"and {found.count - len(found.flaws)} more")
        if found.ok:
            out().print(f"{found.rows} rows, whole. {_vouched(found)}")
        else:
            err().print("The audit log was touched.")
    if not found.ok:
        raise typer.Exit(1)


@audit.command("show", epilog="\b\nExample:\n  lockgate audit show --thread calm-heron-3f2a91")
def show(thread: Thread = "", run: Run = "", as_json: AsJson = False) -> None:
    """List what was decided, answered and done, oldest first."""
    from lockgate.cli.screen import one_line, out, print_json, styled

    style = {"allow": "green", "executed": "green", "deny": "red", "failed": "red", "review": "yellow"}
    for seq, entry in _entries(thread, run):
        if as_json:
            print_json({"seq": seq, **entry}, lines=True)
            continue
        verdict = str(entry.get("verdict", ""))
        said = ": ".join(str(entry[name]) for name in ("rule", "reason") if entry.get(name))
        if entry.get("kind") != "decision":
            detail = entry.get("detail")
            said = " ".join(f"{name} {value}" for name, value in (detail if isinstance(detail, dict) else {}).items())
        who = f"by {entry['by']}  " if entry.get("by") else ""
        place = "" if thread else f"{one_line(entry.get('thread_id', ''), 40)}  "
        out().print(
            styled(
                (f"{seq:>6}  {_moment(entry.get('at')):19}  ", "dim"),
                f"{place}{one_line(entry.get('tool', ''), 40)}  ",
                (one_line(verdict, 20), style.get(verdict, "")),
                f"  {one_line(who + said, 300)}",
            )
        )


@audit.command("export", epilog="\b\nExample:\n  lockgate audit export > audit.jsonl")
def export(
    thread: Thread = "",
    run: Run = "",
    after: Annotated[int, typer.Option(min=0, help="Begin after this row.")] = 0,
) -> None:
    """Write the log to stdout, one JSON line a row; `audit verify --file` checks a whole one anywhere."""
    from lockgate.cli.screen import err
    from lockgate.runtime.audit_chain import line

    last = count = 0
    try:
        for row, _ in _rows(thread, run, after):
            sys.stdout.write(line(row) + "\n")
            last, count = row.seq, count + 1
    except KeyboardInterrupt:
        more = f"Go on: lockgate audit export --after {max(last, after)}"
        err().print(f"interrupted after {count:,} rows. {more}")
        raise typer.Exit(130) from None


@audit.command("key", epilog="\b\nExample:\n  lockgate audit key /safe/audit.key")
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; FILE.pub gets the public one.")],
) -> None:
    """Make a key to sign heads with. Keep it where no agent runs."""
    from lockgate.cli.screen import err, out, safe
    from lockgate.runtime.audit_heads import make_key

    out().print(safe(make_key(file)))
    err().print(f"Sign with: lockgate audit sign --key {safe(file)}")


@audit.command("sign", epilog="\b\nExample:\n  lockgate audit sign --key /safe/audit.key >> /safe/heads.jsonl")
def sign(key: Annotated[Path, typer.Option(help="The private key.")]) -> None:
    """Check the rows since the last signed head, sign the newest, and print the signed head as one JSON line."""
    from lockgate.cli.store import opened, run
    from lockgate.runtime import audit_check
    from lockgate.runtime.audit_heads import head_line, private_key

    private = private_key(key)

    async def made() -> "SignedHead":
        async with opened() as saver:
            return await audit_check.sign(saver.pools, private)

    sys.stdout.write(head_line(run(made())) + "\n")


@audit.command("grant", epilog="\b\nExample:\n  lockgate audit grant agent")
def grant(
    role: Annotated[str, typer.Argument(help="A role of the database that exists.")],
) -> None:
    """Let a database role run agents: all it needs, and of the audit log only reading and appending."""
    from lockgate.cli.screen import out, safe
    from lockgate.cli.store import opened, run
    from lockgate.runtime import audit_check

    async def give() -> None:
        async with opened() as saver:
            await audit_check.grant(saver.pools, role)

    run(give())
    out().print(f"{safe(role)} may run agents. Put it into the agents' DATABASE_URL.")


def _moment(at: Any) -> str:
    """When it was, as far as the row tells: whoever may append may write anything."""
    from datetime import UTC, datetime

    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    except (TypeError, ValueError, OverflowError, OSError):
        return "?"


def _vouched(found: "Verdict") -> str:
    if found.signed is None:
        return "No signed head was checked (--key): who owns the database could have made the log anew."
    return f"The rows up to {found.signed.seq} are vouched for by key {found.signed.key}."


def _entries(thread: str, run: str) -> Any:
    """Number and entry of each row, encrypted content open; what the key ring does not open stays as it is stored."""
    from lockgate.cli.screen import err, safe
    from lockgate.errors import StoreError
    from lockgate.runtime.audit_words import told

    said: set[str] = set()
    for row, seal in _rows(thread, run, 0):
        try:
            entry = told(row, seal)
        except (ValueError, TypeError, AttributeError, RecursionError):
            yield row.seq, {"kind": "unreadable", "body": row.body}
            continue
        except StoreError as error:
            entry = json.loads(row.body)
            why = str(error)
            if why not in said:
                err().print(safe(why))
            said.add(why)
        yield row.seq, entry


def _rows(thread: str, run: str, after: int) -> Any:
    """The rows, streamed from the database's loop, each with what opens it."""
    from contextlib import aclosing

    from lockgate.cli.store import Runner, opened
    from lockgate.errors import StoreError
    from lockgate.runtime import audit_check

    async def stream() -> Any:
        async with opened() as saver:
            with suppress(StoreError):  # said where it is missed
                await saver.seal.ready()
            asked = audit_check.rows(saver.pools, thread_id=thread or None, run_id=run or None, after=after)
            # The reader of stdout may leave in the middle.
            async with aclosing(asked) as rows:  # type: ignore[type-var]
                async for row in rows:
                    yield row, saver.seal

    with Runner() as runner:
        rows = stream()
        try:
            while True:
                try:
                    yield runner.run(anext(rows))
                except StopAsyncIteration:
                    return
        finally:
            runner.run(rows.aclose())


def _heads(file: Path | None) -> "list[SignedHead]":
    from lockgate.runtime.audit_heads import parsed_head

    if file is None:
        return []
    with _open(file) as lines:
        found = []
        for number, text in enumerate(lines, start=1):
            try:
                found.append(parsed_head(text))
            except ValueError as error:
                raise ConfigError(f"{file}:{number}: {error}.", "Each line is one that `audit sign` printed.") from None
        return found


def _open(file: Path) -> Any:
    try:
        return file.open(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from None
