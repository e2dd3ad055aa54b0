"""`policy show`, `policy check` and `policy explain`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.errors import ConfigError

policy = typer.Typer(add_completion=False, rich_markup_mode=None, help="Look at policies, check them, ask them why.")

Pack = Annotated[str, typer.Argument(help="A policy file or the name of a shipped pack.")]
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
        rules = [rule.model_dump(mode="json", exclude_defaults=True) for rule in found.rules]
        print_json({"name": found.name, "fingerprint": found.fingerprint, "rules": rules})
        return
    listing = table("priority", "rule", "tools", "action", "when", "reason")
    for rule in found.rules:
        limits = rule.model_dump(
            mode="json", exclude_defaults=True, include={"args", "when", "arguments", "conditions"}
        )
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
    tool: Annotated[str, typer.Argument(help="The tool's name.")],
    args: Annotated[str, typer.Argument(help="The call's arguments, as a JSON object.")] = "{}",
    tools: Annotated[list[str], typer.Option(help="module:attribute where the tool is; else the built-in ones.")] = [],
    user: Annotated[str, typer.Option(help="On whose behalf.")] = "",
    role: Annotated[list[str], typer.Option("--role", help="A role of the user.")] = [],
    agent: Annotated[str, typer.Option(help="The agent that calls.")] = "react",
    as_json: AsJson = False,
) -> None:
    """Say what the policy answers to a call, and why: each rule that was tried, and where it did not fit."""
    from lockgate.cli.screen import one_line, out, print_json, styled
    from lockgate.cli.target import load_tools
    from lockgate.decision import Call, verb
    from lockgate.guardrails import Gate
    from lockgate.ports import Caller, History

    found = _load(pack)
    gate = Gate(found, load_tools(tuple(tools), str(Path.cwd())))
    history = History(agent=agent, caller=Caller(user=user, roles=frozenset(role)))
    call, decision = gate.rule(Call(id="explain", name=tool, args=_object(args)), history)
    tried = found.explain(call, gate.tools[tool], history) if tool in gate.tools and decision.rule != "schema" else []
    if as_json:
        considered = [
            {"rule": item.rule, "action": item.action, "matched": item.matched, "why": item.why} for item in tried
        ]
        print_json(
            {
                "decision": verb(decision),
                "rule": decision.rule,
                "reason": decision.reason,
                "args": call.args,
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
