"""The table of commands, loaded one by one, and what all of them share: --debug, errors, exit codes."""

import os
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from lockgate.errors import LockgateError

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module:attribute of a function or a Typer, what it does, an example)
    "demo": ("lockgate.cli.desk.command:demo", "Play a refund desk: agent, planted mail, you.", "lockgate demo"),
    "run": ("lockgate.cli.run:run", "Run an agent.", "lockgate run react 'What is 12 * 34?' --model local"),
    "resume": ("lockgate.cli.run:resume", "Go on with a thread.", "lockgate resume calm-heron-3f2a91"),
    "approvals": ("lockgate.cli.approvals:approvals", "List what waits for a person.", "lockgate approvals --all"),
    "approve": (
        "lockgate.cli.approvals:approve",
        "Let a waiting call run.",
        "lockgate approve 3f2a91 --reason 'checked by phone'",
    ),
    "reject": (
        "lockgate.cli.approvals:reject",
        "Refuse a waiting call.",
        "lockgate reject 3f2a91 --reason 'wrong account'",
    ),
    "edit": (
        "lockgate.cli.approvals:edit",
        "Run a waiting call with other arguments.",
        "lockgate edit 3f2a91 --set amount=20",
    ),
    "threads": ("lockgate.cli.keeping:threads", "List, prune and erase threads.", "lockgate threads --json"),
    "show": ("lockgate.cli.threads:show", "Tell what happened in a thread.", "lockgate show calm-heron-3f2a91"),
    "history": ("lockgate.cli.travel:history", "List the moments of a thread.", "lockgate history calm-heron-3f2a91"),
    "diff": (
        "lockgate.cli.travel:diff",
        "Say what changed between two moments.",
        "lockgate diff calm-heron-3f2a91 3f2a91 77ee47",
    ),
    "fork": (
        "lockgate.cli.travel:fork",
        "Go on from an earlier moment.",
        "lockgate fork calm-heron-3f2a91 --at 3f2a91 --set messages.0.content='Refund 1042'",
    ),
    "replay": (
        "lockgate.cli.travel:replay",
        "Play a run again with what was recorded.",
        "lockgate replay calm-heron-3f2a91 --policy stricter.yaml",
    ),
    "effects": ("lockgate.cli.effects:effects", "List what tools changed outside.", "lockgate effects --open"),
    "undo": ("lockgate.cli.undo:undo", "Undo what a thread has done.", "lockgate undo calm-heron-3f2a91"),
    "graph": ("lockgate.cli.graph:graph", "Print, draw or prove a graph.", "lockgate graph react --verify"),
    "tools": ("lockgate.cli.catalog:tools", "List the tools with their facts.", "lockgate tools"),
    "policy": ("lockgate.cli.policy:policy", "Show, check and explain policies.", "lockgate policy check refunds.yaml"),
    "eval": (
        "lockgate.cli.eval:evals",
        "Measure guards and agents.",
        "lockgate eval run agentdojo --suite banking --limit 20",
    ),
    "audit": ("lockgate.cli.audit:audit", "Check, read and sign the audit log.", "lockgate audit verify"),
    "models": ("lockgate.cli.models:models", "Fetch small models that run here.", "lockgate models pull smollm2"),
    "doctor": ("lockgate.cli.doctor:doctor", "Say what is missing, and the next step.", "lockgate doctor"),
    "version": ("lockgate.cli.catalog:version", "Print the version.", "lockgate version"),
}
"""Every command, in the order in which the help lists them. A command's module is loaded when it is named."""

EPILOG = """\b
Exit codes:
  0    done
  1    an error; it says what to do next
  2    the command was written wrongly
  3    the run waits for a person
  4    a bound was reached: model calls, a budget, or the same calls again and again
  130  stopped by Ctrl-C, 143 by SIGTERM; `lockgate resume` goes on

\b
Results go to stdout, progress to stderr. Settings: LOCKGATE_* and lockgate.toml.
"""


class LazyGroup(typer.core.TyperGroup):
    """Loads a command's module when it is named, and turns every LockgateError into two lines on stderr."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            where, _, example = COMMANDS[cmd_name]
            module, _, attribute = where.partition(":")
            found = getattr(import_module(module), attribute)
            command = _as_typer(found, cmd_name)
            command.epilog = f"\b\nExample:\n  {example}"
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what, _) in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        words = [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - click tells them by no other name
        as_json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
        try:
            return super().invoke(ctx)
        except LockgateError as error:
            from lockgate.cli.screen import print_error

            print_error(error, as_json=as_json)
            raise typer.Exit(1) from None
        except (KeyboardInterrupt, typer.Abort):
            from lockgate.cli.screen import err

            err().print("interrupted")
            raise typer.Exit(130) from None


def _as_typer(found: Any, name: str) -> Any:
    if not isinstance(found, typer.Typer):
        made = typer.Typer(add_completion=False, rich_markup_mode=None)
        made.command(name)(found)
        found = made
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from lockgate.cli.catalog import version

        version()
        raise typer.Exit


@app.callback()
def lockgate(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (or LOCKGATE_DEBUG=1).")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Run LLM agents in which every tool call passes through a lock."""
    if debug:
        os.environ["LOCKGATE_DEBUG"] = "1"
