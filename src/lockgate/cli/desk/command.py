"""`lockgate demo`."""

import getpass
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lockgate.cli.desk.play import Ask, play
from lockgate.cli.desk.process import Question
from lockgate.cli.desk.screen import Screen
from lockgate.cli.screen import safe
from lockgate.settings import settings

ROLES = ["refunds-lead"]
"""Whoever sits at the terminal is the desk's lead: the demo has no login."""


def demo(
    answer: Annotated[
        bool | None, typer.Option("--yes/--no", help="Approve or reject each question without asking, for scripts.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="provider:name, local or local:PATH.gguf in place of the scripted turns.")
    ] = "",
    keep: Annotated[bool, typer.Option("--keep/--fresh", help="Keep the desk's data of an earlier demo.")] = False,
    kill: Annotated[bool, typer.Option("--kill/--no-kill", help="Kill the run twice and resume it.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON instead.")] = False,
) -> None:
    """A refund desk on a real database: an agent, a mail with a planted instruction, and you as the reviewer."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 still gets all lines
    console = Console(quiet=as_json, highlight=False)
    screen = Screen(console)
    outcome = play(screen, settings(), _ask(console, answer), model=model, keep=keep, kill=kill)
    if as_json:
        typer.echo(json.dumps(asdict(outcome), default=str))


def _ask(console: Console, answer: bool | None) -> Ask:
    who: dict[str, Any] = {"by": _user(), "roles": ROLES}

    def fixed(_: Question) -> Mapping[str, Any]:
        action = "approve" if answer else "reject"
        why = f"--{'yes' if answer else 'no'}"
        if answer is None:
            why = "there is no terminal to ask on, which counts as no"
        console.print(Text(f"{action:9} ({why})", style="bold"))
        return {"action": action, **who}

    def person(question: Question) -> Mapping[str, Any]:
        while True:
            said = console.input("[bold]approve, edit or reject?[/] [dim](a/e/r)[/] ").strip().lower()
            if said and "approve".startswith(said):
                return {"action": "approve", **who}
            if said and "reject".startswith(said):
                return {"action": "reject", "reason": console.input("why? [dim](may be empty)[/] ")[:2_000], **who}
            if said and "edit".startswith(said):
                return {"action": "edit", "args": _edited(console, question.request.get("args", {})), **who}

    return person if answer is None and sys.stdin.isatty() and not console.quiet else fixed


def _edited(console: Console, args: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments, each as typed anew: empty keeps it, a dash leaves it out."""
    edited: dict[str, Any] = {}
    for name, value in args.items():
        console.print(Text(f"{safe(name)} [{safe(value)}] "), end="")
        said = console.input("[dim](empty keeps it, - leaves it out)[/] ").strip()
        if not said:
            edited[name] = value
        elif said != "-":
            edited[name] = said if isinstance(value, str) else _parsed(said)
    return edited


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "you"
