"""`approvals`, `approve`, `reject` and `edit`."""

import json
from typing import Annotated, Any

import typer

from lockgate.errors import ApprovalError, ConfigError

Id = Annotated[str, typer.Argument(help="The approval's id, or any unique beginning of it.")]
Reason = Annotated[str, typer.Option(help="Kept in the record, and shown to the model.")]
By = Annotated[str, typer.Option(help="Who answers; you unless set.")]
Roles = Annotated[list[str], typer.Option("--role", help="A role of who answers; may be given several times.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def approvals(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were answered or superseded.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the calls that wait for a person, over all threads."""
    from dataclasses import asdict

    from lockgate.cli.review import SHOWN_ID
    from lockgate.cli.screen import err, one_line, print_json, print_table, table
    from lockgate.cli.store import records, run

    async def read() -> list[Any]:
        async with records() as record:
            return await record.approvals(None if everything else "pending")

    found = run(read())
    if as_json:
        print_json([asdict(item) for item in found])
        return
    if not found:
        err().print("Nothing waits for a person.")
        return
    listing = table("id", "thread", "tool", "arguments", "reason", "asked", "status")
    for item in found:
        value = item.value if isinstance(item.value, dict) else {}
        listing.add_row(
            item.interrupt_id[:SHOWN_ID],
            one_line(item.thread_id, 60),
            one_line(item.tool, 40),
            one_line(json.dumps(value.get("args", item.value), ensure_ascii=False, default=repr), 80),
            one_line(value.get("reason", ""), 80),
            f"{item.asked_at:%Y-%m-%d %H:%M}",
            _status(item),
        )
    print_table(listing)


def approve(
    approval: Id,
    happened: Annotated[bool, typer.Option("--happened", help="Of an effect in doubt: it took place.")] = False,
    result: Annotated[str, typer.Option(help="With --happened: what the tool returned, JSON or text.")] = "",
    run_again: Annotated[bool, typer.Option("--run-again", help="Of an effect in doubt: it did not; run it.")] = False,
    reason: Reason = "",
    by: By = "",
    role: Roles = [],
    as_json: AsJson = False,
) -> None:
    """Let a call run, or say what came of an effect in doubt, and go on with the thread."""
    if result and not happened:
        raise typer.BadParameter("--result goes with --happened")
    said = {"happened": happened, "run_again": run_again, "result": result}
    _settle(approval, "approve", reason=reason, by=by, roles=role, as_json=as_json, said=said)


def reject(
    approval: Id,
    reason: Reason = "",
    by: By = "",
    role: Roles = [],
    as_json: AsJson = False,
) -> None:
    """Refuse a call, or give up on an effect in doubt; the model is told, and its thread goes on."""
    _settle(approval, "reject", reason=reason, by=by, roles=role, as_json=as_json)


def edit(
    approval: Id,
    change: Annotated[list[str], typer.Option("--set", help="path=value; may be given several times.")] = [],
    args: Annotated[str, typer.Option("--args", help="All arguments, as a JSON object.")] = "",
    reason: Reason = "",
    by: By = "",
    role: Roles = [],
    as_json: AsJson = False,
) -> None:
    """Run a call with other arguments; the policy judges them again."""
    if bool(change) == bool(args):
        raise typer.BadParameter("say either --set path=value or --args JSON")
    whole: Any = None
    if args:
        try:
            whole = json.loads(args)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"--args is not valid JSON: {error}.") from None
        if not isinstance(whole, dict):
            raise ConfigError("--args must be a JSON object.", "Such as --args '{\"amount\": 20}'")
    _settle(approval, "edit", reason=reason, by=by, roles=role, as_json=as_json, change=change, whole=whole)


def _settle(
    approval_id: str,
    action: str,
    *,
    reason: str,
    by: str,
    roles: list[str],
    as_json: bool,
    change: list[str] | None = None,
    whole: dict[str, Any] | None = None,
    said: dict[str, Any] | None = None,
) -> None:
    from lockgate.cli.doubt import in_doubt, word
    from lockgate.cli.drive import Manner, me
    from lockgate.cli.review import answer, changed
    from lockgate.cli.run import proceed
    from lockgate.cli.store import records, run

    async def read() -> Any:
        async with records() as record:
            return await record.approval(approval_id)

    found = run(read())
    if found.status != "pending":
        raise ApprovalError(
            f"Approval {found.interrupt_id[:8]} is closed: {_status(found)}.", f"Look: lockgate show {found.thread_id}"
        )
    manner = Manner(json=as_json, roles=tuple(roles), by=by or me())
    said = {"happened": False, "run_again": False, "result": "", **(said or {})}
    if in_doubt(found.value):
        about = word(action, **said, by=manner.by, roles=manner.roles, reason=reason)
        proceed(found.thread_id, manner, answers={found.interrupt_id: about})
    if said["happened"] or said["run_again"]:
        raise ApprovalError(
            "This call waits to be run for the first time; nothing is in doubt.",
            f"Leave --happened and --run-again out: lockgate approve {found.interrupt_id[:8]}",
        )
    args = None
    if action == "edit":
        args = whole if whole is not None else changed((found.value or {}).get("args", {}), change or [])
    given = answer(action, by=manner.by, roles=manner.roles, reason=reason, args=args)

    def check(launch: Any) -> None:
        if args is not None:
            _fit(launch, found.tool, args)

    proceed(found.thread_id, manner, answers={found.interrupt_id: given}, check=check)


def _fit(launch: Any, tool: str, args: dict[str, Any]) -> None:
    """Raises ConfigError when the tool would not take `args`: the gate would refuse them, and the call be lost."""
    from pydantic import ValidationError

    from lockgate.cli.target import SHIPPED, load_tools
    from lockgate.spec import explain_invalid

    if launch.graph not in SHIPPED:
        return  # a builder of the user's own: what tools it has is not known here
    spec = load_tools(launch.tools, launch.folder).get(tool)
    try:
        if spec is not None:
            spec.validated(args)
    except ValidationError as error:
        raise ConfigError(explain_invalid(error), "Nothing was answered; the approval still waits.") from None


def _status(item: Any) -> str:
    from lockgate.cli.screen import one_line

    return one_line(f"{item.status} {said(item.answer)}".strip(), 120)


def said(answer: Any) -> str:
    """An answer in words: what was done, by whom, and why."""
    if not isinstance(answer, dict):
        return "" if answer is None else str(answer)
    past = {"approve": "approved", "reject": "rejected", "edit": "edited", "run": "said it did not happen"}
    past |= {"happened": "said it happened", "give_up": "gave up"}
    done = past.get(answer.get("action", ""), str(answer.get("action", "")))
    by = f" by {answer['by']}" if answer.get("by") else ""
    why = f": {answer['reason']}" if answer.get("reason") else ""
    return f"{done}{by}{why}"
