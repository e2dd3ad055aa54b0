"""What the viewer sees. Whatever comes from the database or a model is plain text, its control codes made harmless."""

import json
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from lockgate.cli.desk.process import Question, Report, Step
from lockgate.cli.desk.store import Money
from lockgate.cli.screen import safe

_COLOURS = {"allow": "green", "deny": "red", "review": "yellow", "ok": "green", "error": "red"}
_WIDTH = 100


def call_text(name: str, args: Mapping[str, Any] | None) -> str:
    """A call as one line: `refund(order_id="1042", amount=38.5)`."""
    inner = ", ".join(
        f"{key}={json.dumps(value, ensure_ascii=False, default=str)}" for key, value in (args or {}).items()
    )
    line = safe(f"{name}({inner})").replace("\n", " ")
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 4]}...)"


class Screen:
    """Draws on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def opening(self, model: str, place: str) -> None:
        """What is real here, and what is not."""
        self._rule("The refund desk")
        self.line("A shop's refund desk in a real Postgres. Its agent reads the mail and moves money; each call goes")
        self.line("through the lock: the policy decides, a person is asked where it says so, nothing happens twice.")
        self.fact("database", place)
        if model:
            self.fact("model", model)
        else:
            self.fact("model", "scripted: its turns are written down in desk/script.yaml. Everything else is real.")
            self.fact("", "A real model: lockgate demo --model provider:name, or --model local")

    def mail(self, mail: Mapping[str, Any]) -> None:
        """A mail as it lies in the mailbox."""
        self.console.print()
        title = Text(f"mail from {safe(mail['sender'])}: {safe(mail['subject'])}")
        self._panel(Text(safe(mail["body"])), title, "cyan")
        self.line("The last paragraph is no customer's wish: it tries to give the agent orders.", "dim")

    def process(self, pid: int, does: str) -> None:
        """A new process takes over."""
        self.console.print()
        self._rule(f"process {pid} {does}")

    def step(self, step: Step) -> None:
        """One thing the run did, as it does it."""
        if step.kind == "model":
            text = step.text or f"calls {', '.join(map(str, step.detail.get('calls', ())))}"
            self._row("model", "bold", safe(text))
        elif step.kind == "decision":
            self._row(step.status, _COLOURS.get(step.status, ""), call_text(step.name, step.args))
            self._row("", "", f"{safe(step.detail.get('rule', ''))}: {safe(step.detail.get('reason', ''))}", "dim")
        elif step.kind == "call":
            failed = f": {safe(step.detail.get('error'))}" if step.status != "ok" else ""
            done = "failed" if failed else "ran"
            self._row(done, _COLOURS.get(step.status, ""), f"{safe(step.name)}, {step.seconds * 1_000:.0f} ms{failed}")

    def question(self, question: Question) -> None:
        """A call that waits for a person, with all a person needs to decide."""
        request = question.request
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        sensitive = request.get("sensitive", ())
        for name, value in dict(request.get("args", {})).items():
            style = "bold yellow" if name in sensitive and value is not None else ""
            grid.add_row(Text(safe(name)), Text(safe(value if value is not None else "-"), style=style))
        consequences = dict(request.get("consequences", {}))
        undone = "can be undone" if consequences.get("reversible") else "cannot be undone"
        about = [
            ("why asked", f"{request.get('reason', '')} (rule {request.get('rule', '')})"),
            ("the model said", request.get("reasoning") or "nothing"),
            ("effect", f"{undone}; risk {consequences.get('risk', 'unknown')}"),
            ("may answer", ", ".join(map(str, request.get("approvers", ()))) or "anyone"),
        ]
        if request.get("problem"):
            about.append(("last answer", str(request["problem"])))
        grid.add_row("", "")
        for name, value in about:
            grid.add_row(name, Text(safe(value)))
        self.console.print()
        title = Text(f"A person decides: {safe(request.get('tool', ''))}")
        self._panel(grid, title, "yellow")

    def killed(self, pid: int, code: int, when: str) -> None:
        """A process was killed."""
        self.console.print()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._row("kill -9", "bold red", f"process {pid} {when}: it is dead ({how}).")

    def ending(
        self, report: Report, refunds: list[Money], counts: Mapping[str, int], kills: list[tuple[float, int]]
    ) -> None:
        """What came of it, from SQL and from the record."""
        self.console.print()
        self._rule("What came of it")
        self._row("answer", "bold", safe(report.answer or f"(none; the run ended as {report.status or 'unfinished'})"))
        self.console.print()
        self._refunds(refunds, counts)
        self._rulings(report)
        self._timeline(report, kills)

    def _refunds(self, refunds: list[Money], counts: Mapping[str, int]) -> None:
        table = self._table(
            "Refunds in the table payments", "order", "for", "amount", "to the account", "whose", "rows"
        )
        for money in refunds:
            rows = sum(other.order_id == money.order_id for other in refunds)
            whose = Text("the customer's") if money.own else Text("another's", style="yellow")
            cells = [Text(safe(cell)) for cell in (money.order_id, money.customer, money.amount, money.account)]
            table.add_row(*cells, whose, Text(f"{rows}", style="green" if rows == 1 else "bold red"))
        self._print(table if refunds else Text("No refund was made."))
        self.line(f"Customers in the table: {counts['customers']}. Replies sent: {counts['replies']}.", "dim")

    def _rulings(self, report: Report) -> None:
        table = self._table("What was decided on each call", "call", "decision", "rule and reason", "outcome")
        for ruled in report.rulings:
            decided = Text(safe(ruled.decided), style=_COLOURS.get(ruled.decided, ""))
            because = Text(f"{safe(ruled.rule)}: {safe(ruled.reason)}")
            table.add_row(Text(call_text(ruled.tool, ruled.args)), decided, because, Text(safe(ruled.outcome)))
        self._print(table)

    def _timeline(self, report: Report, kills: list[tuple[float, int]]) -> None:
        steps = [step for step in report.steps if step.kind != "node"]
        if not steps:
            return
        begun = steps[0].at
        rows = [(step.at, step.kind, call_text(step.name, None)[:-2] or step.node, step) for step in steps]
        table = self._table("The run's own record", "at", "what", "of", "took")
        marks = [(at, "killed", f"process {pid}", None) for at, pid in kills]
        for at, kind, name, step in sorted([*rows, *marks], key=lambda row: row[0]):
            style = "red" if step is None else ""
            what = f"{kind} {step.status}" if step and kind == "decision" else kind
            took = f"{step.seconds * 1_000:.0f} ms" if step else ""
            table.add_row(f"{max(0.0, at - begun):.2f} s", Text(safe(what), style=style), Text(safe(name)), took)
        self._print(table)

    def further(self, thread_id: str, *, seconds: float) -> None:
        """Where to look next."""
        self.console.print()
        self.line(f"Done in {seconds:.1f} s. To look further:", "dim")
        self.line(f"  lockgate show {thread_id}    steps, decisions, waits, tokens of this run")
        self.line("  lockgate threads                 all threads in this database")

    def fact(self, name: str, text: str) -> None:
        """A name and what it is."""
        self._row(name, "dim", safe(text))

    def line(self, text: str, style: str = "") -> None:
        """A line of plain text."""
        self.console.print(Text(text, style=style), soft_wrap=True)

    def _row(self, name: str, style: str, text: str, text_style: str = "") -> None:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=8, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(safe(name), style=style), Text(text, style=text_style))
        self._print(grid)

    def _rule(self, text: str) -> None:
        self._print(Rule(Text(text, style="bold"), align="left", characters="-", style="dim"))

    def _panel(self, content: Any, title: Text, colour: str) -> None:
        self._print(Panel(content, title=title, title_align="left", border_style=colour, padding=(0, 1)))

    def _table(self, title: str, *columns: str) -> Table:
        table = Table(
            title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD, pad_edge=False
        )
        for column in columns:
            table.add_column(column, overflow="fold")
        return table

    def _print(self, content: Any) -> None:
        self.console.print(content, width=min(self.console.width, _WIDTH + 10))
