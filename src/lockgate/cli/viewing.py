"""`show --view`: the last run of a thread as a picture."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.errors import ConfigError

if TYPE_CHECKING:
    from lockgate.runtime import Run, TimedEvent

_GOING = ("running", "waiting")


def show_view(
    runs: "list[Run]", events: "list[TimedEvent]", status: str, *, view: str, svg: Path | None, mermaid: bool
) -> None:
    """Prints the view, or writes it into the file `svg`. Raises UnknownNameError, ConfigError."""
    from rich.text import Text

    from lockgate.cli.screen import err, out, safe
    from lockgate.telemetry import draw

    found = _of_last(runs, events)
    now = time.time() if status in _GOING else None
    if svg is not None:
        try:
            svg.write_text(draw(found, view, "svg", now=now), "utf-8")
        except OSError as error:
            raise ConfigError(f"{svg} cannot be written: {error.strerror or error}.", "Name another file.") from None
        err().print(f"wrote {safe(svg)}")
    elif mermaid:
        out().print(draw(found, view, "mermaid", now=now), end="")
    else:
        # The console takes the colours away where none are wanted.
        out().print(Text.from_ansi(draw(found, view, now=now, width=out().width, colour=True)))


def _of_last(runs: "list[Run]", events: "list[TimedEvent]") -> "list[TimedEvent]":
    """The events from the first of the last run on; those of its workers may bear other runs' names."""
    last = runs[-1].run_id if runs else ""
    begun = min((event.started for event in events if event.run_id == last), default=None)
    return [event for event in events if begun is None or event.started >= begun]
