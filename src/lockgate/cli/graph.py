"""`graph`: what a graph looks like, and the proof that it has no way round the lock."""

from pathlib import Path
from typing import Annotated, Any

import typer


def graph(
    graph: Annotated[
        str, typer.Argument(help="react, reference, team.yaml, a name in langgraph.json, or module:attribute.")
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Prove that no tool call goes round the lock.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Draw it into this SVG file.")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw it into this PNG file (extra 'draw').")] = None,
    inner: Annotated[bool, typer.Option("--inner/--outer", help="Show the inside of subgraphs and members.")] = True,
    depth: Annotated[int | None, typer.Option(min=1, help="Show the inside only so many levels down.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Nodes and edges, or the proof, as JSON.")] = False,
) -> None:
    """Print a graph and all who are in it as Mermaid, draw it without a network, or prove it."""
    from lockgate.cli.launch import here
    from lockgate.cli.screen import err, out, print_json, safe
    from lockgate.cli.store import run
    from lockgate.errors import BypassError

    try:
        # Built as `run` would build it; the builder itself may refuse a way round.
        found = run(here(graph).build(None))
        if verify:
            _prove(found)
    except BypassError as error:
        if not (verify and as_json):
            raise
        print_json({"proved": False, "path": error.path, "message": error.message, "hint": error.hint})
        raise typer.Exit(1) from None
    if verify:
        text = f"{graph}: proved. Every path to a tool goes through action_guard, every path on through result_guard."
        if as_json:
            print_json({"proved": True, "path": []})
        else:
            out().print(safe(text))
        return
    drawn = found.get_graph(xray=depth or True if inner else False)
    if svg or png:
        from lockgate.cli.drawing import draw

        for path in filter(None, (svg, png)):
            draw(drawn, path, as_png=path is png)
            err().print(f"wrote {safe(path)}")
    elif as_json:
        print_json(_plain(drawn))
    else:
        out().print(safe(drawn.draw_mermaid()).rstrip())


def _prove(found: Any) -> None:
    from lockgate.graphs import verify

    verify(found)


def _plain(drawn: Any) -> dict[str, Any]:
    edges = [{"from": edge.source, "to": edge.target, "conditional": edge.conditional} for edge in drawn.edges]
    return {"nodes": list(drawn.nodes), "edges": edges}
