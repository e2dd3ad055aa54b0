"""`policy lint`, `policy test`, `policy diff` and `policy replay`."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.decision import Decision
    from lockgate.guardrails.difference import Flip, RuleChange
    from lockgate.ports import Caller
    from lockgate.runtime.recorded import RecordedCall
    from lockgate.spec import ToolSpec

Pack = Annotated[str, typer.Argument(help="A policy file or the name of a shipped pack.")]
Tools = Annotated[list[str], typer.Option(help="module:attribute where the tools are.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
User = Annotated[str, typer.Option(help="On whose behalf the calls were made.")]
Role = Annotated[list[str], typer.Option("--role", help="A role of the user.")]
Tenant = Annotated[str, typer.Option(help="The tenant of the user.")]
NO_CALL = ("unknown-tool", "schema")
"""Rules by which the gate denied what no tool takes."""
_FEW = 10
"""Changed answers that one takes in at a glance; of more, the kinds are counted."""
_STYLE = {"allow": "green", "review": "yellow", "deny": "red"}


def lint(pack: Pack, tools: Tools = [], as_json: AsJson = False) -> None:
    """Find rules that never decide, patterns too wide, tools no rule covers, effects allowed whoever asked for them.

    Without --tools the facts come from the table of cases beside the pack, if there is one. Code 1 for any finding.
    """
    from lockgate.cli.screen import one_line, out, print_json, styled
    from lockgate.guardrails import Policy
    from lockgate.guardrails.lint import lint_policy
    from lockgate.guardrails.pack import rule_lines, shipped_packs

    policy = Policy.load(pack)
    known = _tools(tools) or _stated(pack) or None
    file = f"{pack}.yaml" if pack in shipped_packs() else pack
    found = lint_policy(policy, known, lines=rule_lines(pack), file=file)
    if as_json:
        print_json(
            [
                {name: getattr(item, name) for name in ("smell", "where", "rule", "tool", "message", "hint")}
                for item in found
            ]
        )
    else:
        for item in found:
            told = f"{item.rule}: {item.message}" if item.rule else item.message
            smell = (f" {item.smell}: ", "bold yellow")
            out().print(styled(f"{one_line(item.where)}:", smell, f"{one_line(told, 500)} {one_line(item.hint, 200)}"))
        if not found:
            extra = "" if known else " What needs the tools was left out; name them with --tools."
            out().print(f"{one_line(policy.name)}: {len(policy.rules)} rules, nothing found.{extra}")
    if found:
        raise typer.Exit(1)


def run_table(
    pack: Pack,
    cases: Annotated[Path | None, typer.Option(help="The table; else NAME.test.yaml beside the pack.")] = None,
    tools: Tools = [],
    as_json: AsJson = False,
) -> None:
    """Judge every case of the table beside a pack, and show where the answer is another. Code 1 when one is."""
    from lockgate.cli.screen import one_line, out, print_json, styled
    from lockgate.guardrails import Policy
    from lockgate.guardrails.cases import beside, read_cases, run_cases

    policy = Policy.load(pack)
    outcomes = run_cases(policy, read_cases(cases or beside(pack)), _tools(tools))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if as_json:
        print_json({"ok": not failed, "cases": [outcome.model_dump() for outcome in outcomes]})
    else:
        for item in failed:
            wanted = item.expected + (f" by {item.expected_rule}" if item.expected_rule else "")
            call = f"{item.tool} {json.dumps(item.args, ensure_ascii=False, default=repr)}"
            out().print(styled(f"{one_line(item.where)}: ", (one_line(item.name or call, 300), "bold")))
            if item.name:
                out().print(f"  call      {one_line(call, 300)}")
            out().print(styled("  expected  ", (one_line(wanted), "green")))
            out().print(
                styled(
                    "  got       ", (f"{item.got} by {one_line(item.rule)}", "red"), f"  {one_line(item.reason, 300)}"
                )
            )
        out().print(f"{one_line(policy.name)}: {len(outcomes) - len(failed)} of {len(outcomes)} cases as expected.")
    if failed:
        raise typer.Exit(1)


def diff(
    before: Pack,
    after: Annotated[str, typer.Argument(help="The policy to compare it with.")],
    tools: Tools = [],
    thread: Annotated[list[str], typer.Option("--thread", help="Also the calls of this recorded thread.")] = [],
    as_json: AsJson = False,
) -> None:
    """Show which rules differ between two policies, and calls on which the answer changes.

    The calls are made up from the rules of both, and taken from both tables of cases and from recorded threads.
    """
    from lockgate.cli.screen import one_line, out, print_json, styled
    from lockgate.guardrails import Policy
    from lockgate.guardrails.difference import compare_rules, flips, histories
    from lockgate.guardrails.standin import StandIn
    from lockgate.guardrails.witness import witnesses

    old, new = Policy.load(before), Policy.load(after)
    known = _tools(tools) or {**_stated(before), **_stated(after)}
    calls = [*witnesses(old, new, tools=known), *(made.call for name in thread for made in _recorded(name))]
    specs = {call.name: known.get(call.name) or StandIn().spec(call.name) for call in calls}
    changes, changed = compare_rules(old, new), flips(old, new, calls, specs, histories(old, new))
    if as_json:
        print_json({"rules": [_change(item) for item in changes], "calls": [_flip(item) for item in changed]})
        return
    sign = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
    for change in changes:
        out().print(styled(sign[change.change], f" {one_line(change.rule)}"))
        for name, (left, right) in change.fields.items() if change.change == "changed" else ():
            out().print(f"    {name}: {one_line(json.dumps(left), 120)} -> {one_line(json.dumps(right), 120)}")
    if changed:
        out().print("\nOther answers, for example:")
    for flip in changed:
        with_whom = [*sorted(flip.history.caller.roles), flip.history.caller.user, flip.history.caller.tenant]
        seen = ", ".join(filter(None, [*with_whom, flip.history.agent, str(flip.history.trust.integrity)]))
        call = one_line(f"{flip.call.name} {json.dumps(flip.call.args, ensure_ascii=False)}", 120)
        out().print(styled(f"  {call}  ({one_line(seen, 80)})  ", *_arrow(flip.before, flip.after)))
    if not changes:
        out().print("The rules are the same.")


def replay(
    pack: Pack,
    thread: Annotated[list[str], typer.Option("--thread", help="A thread; may be given several times.")] = [],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Without --thread: the newest so many threads.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="Also calls whose answer stays.")] = False,
    tools: Tools = [],
    user: User = "",
    role: Role = [],
    tenant: Tenant = "",
    as_json: AsJson = False,
) -> None:
    """Judge every call of recorded runs under another policy, and show what would change, and which of it was done."""
    from lockgate.cli.screen import err, one_line, out, print_json, styled
    from lockgate.decision import verb
    from lockgate.guardrails import Gate, Policy
    from lockgate.nodes.rejudging import judged_again
    from lockgate.ports import Caller

    policy = Policy.load(pack)
    named = Caller(user=user, roles=frozenset(role), tenant=tenant)
    given = None if named == Caller() else named
    known = known_tools(pack, tools)
    names, read = thread or _newest(limit), 0
    found: list[RecordedCall] = []
    try:
        for name in names:
            found += _recorded(name, given)
            read += 1
    except KeyboardInterrupt:
        err().print(f"interrupted: only {read} of {len(names)} threads were judged")
    # A call of what there is none of, or that was made otherwise than it can be, makes no tool be there.
    meant = {made.call.name for made in found if made.rule not in NO_CALL}
    gate, strict = Gate(policy, known | stood_in(meant - known.keys())), Gate(policy, known)
    judged = [(made, judged_again(made, strict if made.rule in NO_CALL else gate)) for made in found]
    changed = [(made, now) for made, now in judged if _changes(made, now)]
    shown = judged if everything else changed
    if as_json:
        answers = [
            {
                "thread": made.thread_id,
                "call_id": made.call.id,
                "tool": made.call.name,
                "args": made.call.args,
                "executed": made.executed,
                "before": {"decision": made.decided, "rule": made.rule},
                "after": {"decision": verb(now), "rule": now.rule, "reason": now.reason},
                "changed": _changes(made, now),
            }
            for made, now in shown
        ]
        print_json(
            {"calls": len(judged), "changed": len(changed), "answers": answers, "interrupted": read < len(names)}
        )
        raise typer.Exit(130 if read < len(names) else 0)
    for made, now in shown:
        call = f"{made.call.name} {json.dumps(made.call.args, ensure_ascii=False, default=repr)}"
        place = f"{one_line(made.thread_id, 40)}  {one_line(made.call.id, 40)}  {one_line(call, 120)}  "
        done = ("  executed", "bold") if made.executed else "  not executed"
        arrow = ((made.decided, _STYLE.get(made.decided, "")), " -> ", (verb(now), _STYLE[verb(now)]))
        out().print(styled(place, *arrow, f"  {one_line(now.rule, 60)}", done))
    if len(changed) > _FEW:
        kinds = Counter((made.call.name, made.decided, verb(now), now.rule) for made, now in changed)
        out().print("\nBy tool and answer:")
        for (name, was, answer, rule), count in kinds.most_common():
            told = f"{count:7,}  {one_line(name, 40)}  "
            out().print(
                styled(told, (was, _STYLE.get(was, "")), " -> ", (answer, _STYLE[answer]), f"  {one_line(rule, 60)}")
            )
    ran = sum(made.executed for made, _ in changed)
    out().print(f"{len(judged)} calls, {len(changed)} would be answered otherwise; {ran} of those were executed.")
    raise typer.Exit(130 if read < len(names) else 0)


def recorded_call(thread: str, call: str, caller: "Caller") -> "RecordedCall":
    """The call of `thread` whose id is or begins with `call`. Raises ConfigError."""
    from lockgate.ports import Caller

    if not (thread and call):
        raise ConfigError(
            "A recorded call is named by --thread and --call.", "List them: lockgate policy replay PACK --all"
        )
    found = _recorded(thread, None if caller == Caller() else caller)
    fitting = [made for made in found if made.call.id == call] or [
        made for made in found if made.call.id.startswith(call)
    ]
    if len(fitting) != 1:
        ids = ", ".join(made.call.id for made in found[:20]) or "none"
        raise ConfigError(
            f"{len(fitting)} calls of {thread[:200]!r} have an id that begins with {call[:100]!r}.", f"Calls: {ids}."
        )
    return fitting[0]


def _recorded(thread: str, caller: "Caller | None" = None) -> "list[RecordedCall]":
    from lockgate.cli.launch import Launch
    from lockgate.cli.store import latest, opened, run
    from lockgate.runtime.recorded import recorded_calls

    async def read() -> "list[RecordedCall]":
        async with opened() as saver:
            last = await latest(saver, thread)
            launch = Launch.parse(last.metadata)
            return await recorded_calls(saver, thread, caller or (launch.caller if launch else None))

    return run(read())


def _newest(limit: int) -> list[str]:
    from lockgate.cli.store import records, run

    async def read() -> list[str]:
        async with records() as record:
            return [item.thread_id for item in await record.threads(limit)]

    return run(read())


def _changes(made: "RecordedCall", now: "Decision") -> bool:
    """Whether the answer is another; one that nobody came to give cannot change."""
    from lockgate.decision import verb

    return made.decided not in ("none", verb(now))


def _tools(names: list[str]) -> "dict[str, ToolSpec]":
    from lockgate.cli.target import load_tools

    return dict(load_tools(tuple(names), str(Path.cwd()))) if names else {}


def known_tools(pack: str, names: list[str]) -> "dict[str, ToolSpec]":
    """The named tools; without names the built-in ones and those whose facts the table beside the pack states."""
    from lockgate.cli.target import load_tools

    return dict(load_tools(tuple(names), str(Path.cwd()))) | ({} if names else _stated(pack))


def _stated(pack: str) -> "dict[str, ToolSpec]":
    """The facts of tools that the table of cases beside the pack states."""
    from lockgate.guardrails.cases import beside, read_cases

    place = beside(pack)
    if not place.is_file():
        return {}
    return {name: facts.spec(name) for name, facts in read_cases(place).cases.tools.items()}


def stood_in(names: "Iterable[str]") -> "dict[str, ToolSpec]":
    """Tools that state nothing in place of those whose facts are not known, which is said on stderr."""
    from lockgate.cli.screen import err, one_line
    from lockgate.guardrails.standin import StandIn

    if missing := sorted(names):
        told = one_line(", ".join(missing), 300)
        err().print(f"The facts of {told} are not known: no argument counts as sensitive. Name the tools with --tools.")
    return {name: StandIn().spec(name) for name in missing}


def _change(item: "RuleChange") -> dict[str, Any]:
    fields = {name: list(pair) for name, pair in item.fields.items()}
    return {"change": item.change, "rule": item.rule, "fields": fields}


def _flip(item: "Flip") -> dict[str, Any]:
    from lockgate.decision import verb

    caller = item.history.caller
    return {
        "tool": item.call.name,
        "args": item.call.args,
        "agent": item.history.agent,
        "roles": sorted(caller.roles),
        "user": caller.user,
        "tenant": caller.tenant,
        "trust": str(item.history.trust.integrity),
        "before": {"decision": verb(item.before), "rule": item.before.rule},
        "after": {"decision": verb(item.after), "rule": item.after.rule},
    }


def _arrow(before: "Decision", after: "Decision") -> list[Any]:
    from lockgate.cli.screen import one_line
    from lockgate.decision import verb

    was, now = verb(before), verb(after)
    rules = f"  {one_line(before.rule, 60)} -> {one_line(after.rule, 60)}"
    return [(was, _STYLE[was]), " -> ", (now, _STYLE[now]), rules]
