"""The views as Mermaid, for pages and notebooks that draw it.

Names become entity codes, so nothing in a record is read as Mermaid or as HTML. Each text stays well under Mermaid's
own bounds (50,000 characters, 500 edges), past which it draws nothing.
"""

from lockgate.telemetry.flow import Flow
from lockgate.telemetry.states import END, START, Machines
from lockgate.telemetry.text import waited_for
from lockgate.telemetry.timeline import Lane, Span, Timeline
from lockgate.text import one_line

MAX_CHARACTERS = 45_000
MAX_LANES = 60
MAX_BARS = 250
MAX_AGENTS = 40
MAX_EDGES = 200
_STATUS = {"running": "active", "model": "active", "tool": "done", "waiting": "crit", "pending": "", "blocked": ""}


def timeline_mermaid(view: Timeline) -> str:
    """A `gantt` diagram. Times are those of the record, in milliseconds."""
    lines = ["gantt", "    dateFormat x", "    axisFormat %H:%M:%S"]
    left = MAX_BARS
    for lane in view.lanes[:MAX_LANES]:
        bars = _bars(lane)[:left]
        left -= len(bars)
        lines.append(f"    section {code(f'{lane.agent} {lane.task}'.strip())}")
        lines += [_bar(span) for span in bars]
    if (more := len(view.lanes) - MAX_LANES) > 0:
        lines.append(f"    %% and {more} more")
    return _bounded(lines)


def _bars(lane: Lane) -> list[Span]:
    """What a lane did; stretches of one state that touch, or nearly, are one."""
    bars: list[Span] = []
    for span in lane.spans:
        last = bars[-1] if bars else None
        near = last and last.state == span.state and last.whom == span.whom
        if last and near and span.start - last.end < (lane.end - lane.start) / 50:
            bars[-1] = Span(
                start=last.start, end=max(last.end, span.end), state=span.state, whom=span.whom, going=span.going
            )
        else:
            bars.append(span)
    return bars


def _bar(span: Span) -> str:
    if span.state in ("pending", "blocked", "waiting"):
        words = f"waits for {waited_for(span)}"
    else:
        words = ", ".join([span.state, *span.whom[:1]])
    start = round(span.start * 1000)
    tag = f"{_STATUS[span.state]}, " if _STATUS[span.state] else ""
    return f"    {code(words, 80)} :{tag}{start}, {max(start + 1, round(span.end * 1000))}"


def flow_mermaid(view: Flow) -> str:
    """A `sequenceDiagram`: one arrow for each kind of message between two parties."""
    arrows = view.arrows[:MAX_EDGES]
    used = {party for arrow in arrows for party in (arrow.sender, arrow.receiver)}
    parties = [name for name in view.agents if name in used][:MAX_AGENTS]
    alias = {name: f"p{number}" for number, name in enumerate(parties)}
    kinds = {name: "actor" if name in view.people else "participant" for name in parties}
    lines = ["sequenceDiagram", *(f"    {kinds[name]} {alias[name]} as {code(name)}" for name in parties)]
    for arrow in arrows:
        if arrow.sender in alias and arrow.receiver in alias:
            times = f" ×{arrow.count}" if arrow.count > 1 else ""
            lines.append(f"    {alias[arrow.sender]}->>{alias[arrow.receiver]}: {code(arrow.kind + times)}")
    return _bounded(lines)


def states_mermaid(view: Machines) -> str:
    """A `stateDiagram-v2` with one composite state for each agent."""
    lines = ["stateDiagram-v2"]
    left = MAX_EDGES
    for number, machine in enumerate(view.machines[:MAX_AGENTS]):
        alias = {name: f"a{number}s{place}" for place, name in enumerate(machine.states)}
        alias |= {START: "[*]", END: "[*]"}
        moves = list(machine.moves.items())[:left]
        left -= len(moves)
        named = {name for move, _ in moves for name in move} | machine.now
        lines += [f'    state "{code(machine.agent)}" as a{number} {{']
        lines += [f'        state "{code(name)}" as {alias[name]}' for name in machine.states if name in named]
        for (source, target), times in moves:
            lines.append(f"        {alias[source]} --> {alias[target]}{f' : ×{times}' if times > 1 else ''}")
        lines += [f"        {alias[name]} : waits now" for name in sorted(machine.now)]
        lines.append("    }")
        if left <= 0:
            break
    return _bounded(lines)


def code(text: str, limit: int = 60) -> str:
    """`text` with all but ASCII letters, digits, spaces and `_` as entity codes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in " _") else f"#{ord(c)};" for c in one_line(text, limit))


def _bounded(lines: list[str]) -> str:
    """The lines as far as they fit, with every composite state closed."""
    size, kept, open_ = 0, [], 0
    for line in lines:
        if size + len(line) > MAX_CHARACTERS:
            kept.append("    %% the rest is left out")
            break
        kept.append(line)
        size += len(line) + 1
        open_ += line.endswith("{") - (line.strip() == "}")
    return "\n".join([*kept, *(["    }"] * open_)]) + "\n"
