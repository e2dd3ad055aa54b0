"""From events to a picture in one step: `draw(events, "gantt", "svg")`."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

from lockgate.errors import UnknownNameError
from lockgate.telemetry.facts import Row
from lockgate.telemetry.flow import Flow, flow
from lockgate.telemetry.flow_svg import flow_svg
from lockgate.telemetry.mermaid import flow_mermaid, states_mermaid, timeline_mermaid
from lockgate.telemetry.states import Machines, states
from lockgate.telemetry.states_svg import states_svg
from lockgate.telemetry.text import flow_text, states_text, timeline_text
from lockgate.telemetry.timeline import Timeline, gantt
from lockgate.telemetry.timeline_svg import timeline_svg

View = Literal["gantt", "flow", "states"]
Form = Literal["text", "svg", "mermaid"]
VIEWS: tuple[View, ...] = get_args(View)
FORMS: tuple[Form, ...] = get_args(Form)

_DRAW: dict[type, dict[Form, Callable[..., str]]] = {
    Timeline: {"text": timeline_text, "svg": timeline_svg, "mermaid": timeline_mermaid},
    Flow: {"text": flow_text, "svg": flow_svg, "mermaid": flow_mermaid},
    Machines: {"text": states_text, "svg": states_svg, "mermaid": states_mermaid},
}


def draw(
    events: Iterable[Row],
    view: str = "gantt",
    form: str = "text",
    *,
    now: float | None = None,
    width: int = 100,
    colour: bool = False,
) -> str:
    """The picture of a run: `view` is gantt, flow or states, `form` is text, svg or mermaid.

    `now` (seconds since the epoch) is for a run that still goes on; `width` (columns) and `colour` (ANSI) are for
    text. However many events there are, the picture stays of a size that can be looked at. Raises UnknownNameError.
    """
    if view not in VIEWS:
        raise UnknownNameError.of("view", view, VIEWS)
    if form not in FORMS:
        raise UnknownNameError.of("form", form, FORMS)
    seen = gantt(events, now=now) if view == "gantt" else flow(events) if view == "flow" else states(events, now=now)
    options: dict[str, Any] = {"width": width, "colour": colour} if form == "text" else {}
    return _DRAW[type(seen)][form](seen, **options)
