"""`tools` and `version`."""

from pathlib import Path
from typing import Annotated, Any

import typer


def tools(
    tools: Annotated[list[str], typer.Option(help="module:attribute; the built-in ones unless set.")] = [],
    as_json: Annotated[bool, typer.Option("--json", help="Names, facts and JSON schemas on stdout.")] = False,
) -> None:
    """List the tools with the facts that the gate judges them by."""
    from lockgate.cli.screen import one_line, print_json, print_table, table
    from lockgate.cli.target import load_tools

    found = load_tools(tuple(tools), str(Path.cwd()))
    if as_json:
        print_json([_facts(spec) for spec in found.values()])
        return
    listing = table("tool", "does", "effect", "undone", "repeatable", "sensitive", "returns", "risk")
    for spec in found.values():
        listing.add_row(
            spec.name,
            one_line(spec.description, 120),
            "yes" if spec.effect else "no",
            "yes" if spec.reversible else "no",
            "yes" if spec.idempotent else "no",
            ", ".join(sorted(spec.sensitive)),
            str(spec.output),
            str(spec.risk),
        )
    print_table(listing)


def _facts(spec: Any) -> dict[str, Any]:
    return {
        "name": spec.name,
        "description": spec.description,
        "parameters": spec.parameters,
        "effect": spec.effect,
        "reversible": spec.reversible,
        "idempotent": spec.idempotent,
        "sensitive": sorted(spec.sensitive),
        "private": spec.private,
        "output": str(spec.output),
        "risk": str(spec.risk),
        "timeout": spec.timeout,
        "max_output": spec.max_output,
        "tags": sorted(spec.tags),
    }


def version() -> None:
    """Print the version."""
    from lockgate.cli.screen import out

    out().print(f"lockgate {installed('lockgate') or '(not installed: running from source)'}")


def installed(package: str) -> str:
    """Version of an installed distribution; empty when it is not."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
