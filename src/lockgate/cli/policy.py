"""`policy show`, `policy check` and `policy explain`; the others are in `policy_code`."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from lockgate.cli import policy_code
from lockgate.errors import ConfigError

policy = typer.Typer(add_completion=False, rich_markup_mode=None, help="Look at policies, check them, ask them why.")

Pack = Annotated[str, typer.Argument(help="A policy file or the name of a shipped pack.")]
Tools = Annotated[list[str], typer.Option(help="module:attribute where the tools are.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@policy.command("show", epilog="\b\nExample:\n  lockgate policy show starter")
def show(pack: Pack = "", as_json: AsJson = False) -> None:
    """List the rules of a policy in the order in which they are tried; without a name, the shipped packs."""
    from lockgate.cli.screen import one_line, out, print_json, print_table, table
    from lockgate.guardrails import shipped_packs

    if not pack:
        names = shipped_packs()
        if as_json:
            print_json(names)
        else:
            out().print("\n".join(names))
        return
    found = _load(pack)
    if as_json:
        rules = [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in found.rules]
        print_json({"name": found.name, "fingerprint": found.fingerprint, "rules": rules})
        return
    listing = table("priority", "rule", "tools", "action", "when", "reason")
    for rule in found.rules:
        limits = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True, include={"args", "when"})
        listing.add_row(
            str(rule.priority),
            one_line(rule.id, 60),
            one_line(", ".join(rule.tools), 60),
            rule.action,
            one_line(json.dumps(limits, ensure_ascii=False), 80) if limits else "always",
            one_line(rule.reason, 100),
        )
    print_table(listing)
    out().print("What no rule allows is denied.")


@policy.command("check", epilog="\b\nExample:\n  lockgate policy check refunds.yaml")
def check(pack: Pack, as_json: AsJson = False) -> None:
    """Load a policy and say where it is wrong: file, line, rule and field."""
    from lockgate.cli.screen import one_line, out, print_json
    from lockgate.errors import PolicyError

    try:
        found = _load(pack)
    except PolicyError as error:
        if not as_json:
            raise
        print_json({"ok": False, "message": error.message, "where": error.where, "hint": error.hint})
        raise typer.Exit(1) from None
    if as_json:
        print_json({"ok": True, "name": found.name, "rules": len(found.rules), "fingerprint": found.fingerprint})
    else:
        out().print(f"{one_line(found.name)}: {len(found.rules)} rules, sound. Fingerprint {found.fingerprint[:12]}.")


@policy.command(
    "explain", epilog='\b\nExample:\n  lockgate policy explain starter write_file \'{"path": "a.txt", "text": "hi"}\''
)
def explain(
    pack: Pack,
    tool: Annotated[str, typer.Argument(help="The tool's name; left out with --call.")] = "",
    args: Annotated[str, typer.Argument(help="The call's arguments, as a JSON object.")] = "{}",
    tools: Tools = [],
    user: Annotated[str, typer.Option(help="On whose behalf.")] = "",
    role: Annotated[list[str], typer.Option("--role", help="A role of the user.")] = [],
    tenant: Annotated[str, typer.Option(help="The tenant of the user.")] = "",
    agent: Annotated[str, typer.Option(help="The agent that calls.")] = "react",
    trust: Annotated[str, typer.Option(help="Of what the session has seen: trusted, internal, untrusted.")] = "trusted",
    thread: Annotated[str, typer.Option(help="Take the call from this thread.")] = "",
    call: Annotated[str, typer.Option("--call", help="The id of the recorded call, or its beginning.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what the policy answers to a call, and why: each rule and guard that was tried, and where it did not fit."""
    from lockgate.cli.policy_code import NO_CALL, known_tools, recorded_call, stood_in
    from lockgate.cli.screen import one_line, out, print_json, styled
    from lockgate.decision import Call, verb
    from lockgate.guardrails import Gate
    from lockgate.guardrails.covering import speaks_of
    from lockgate.guardrails.explaining import explained
    from lockgate.labels import Integrity, Label
    from lockgate.nodes.rejudging import history_again
    from lockgate.ports import Caller, History

    found = _load(pack)
    known, made, label = known_tools(pack, tools), None, Label()
    caller = Caller(user=user, roles=frozenset(role), tenant=tenant)
    if thread or call:
        made = recorded_call(thread, call, caller)
        asked, meant = made.call, made.call.name if made.rule not in NO_CALL else ""
    elif not tool:
        raise ConfigError("No call is named.", "Name a tool, or --thread and --call.")
    else:
        try:
            label = Label(integrity=Integrity.parse(trust))
        except ValueError as error:
            raise ConfigError(f"--trust: {error}.", "Such as --trust untrusted") from None
        asked = Call(id="explain", name=tool, args=_object(args))
        meant = tool if any(speaks_of(rule, tool) for rule in found.rules) else ""
    gate = Gate(found, known | stood_in({meant} - {"", *known}))
    history = history_again(made, gate) if made else History(agent=agent, caller=caller, trust=label)
    ruled, decision = gate.rule(asked, history)
    judged = asked.name in gate.tools and decision.rule != "schema"
    tried = explained(found, ruled, gate.tools[asked.name], history) if judged else []
    if as_json:
        considered = [
            {"rule": item.rule, "action": item.action, "matched": item.matched, "why": item.why} for item in tried
        ]
        print_json(
            {
                "decision": verb(decision),
                "rule": decision.rule,
                "reason": decision.reason,
                "args": ruled.args,
                "considered": considered,
            }
        )
        return
    style = {"allow": "bold green", "review": "bold yellow", "deny": "bold red"}[verb(decision)]
    out().print(styled((verb(decision), style), f"  {one_line(f'{decision.rule}: {decision.reason}', 400)}"))
    for item in tried:
        mark = ("matches", "green") if item.matched else ("does not match", "dim")
        out().print(styled(f"  {one_line(item.rule, 60)} ({item.action}): ", mark, f"  {one_line(item.why, 300)}"))
    if not tried and decision.rule == "default":
        out().print("  No rule speaks of this tool.")


def _load(pack: str) -> Any:
    from lockgate.guardrails import Policy

    return Policy.load(pack)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The arguments are not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ConfigError("The arguments must be a JSON object.", 'Such as \'{"path": "a.txt"}\'')
    return value


_EXAMPLES: dict[str, tuple[Callable[..., None], str]] = {
    "lint": (policy_code.lint, "refunds.yaml --tools shop.tools:tools"),
    "test": (policy_code.run_table, "refunds.yaml"),
    "diff": (policy_code.diff, "refunds.yaml stricter.yaml"),
    "replay": (policy_code.replay, "stricter.yaml --thread calm-heron-3f2a91"),
}
for _name, (_command, _example) in _EXAMPLES.items():
    policy.command(_name, epilog=f"\b\nExample:\n  lockgate policy {_name} {_example}")(_command)
