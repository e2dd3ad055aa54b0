"""What the tests of the command line run against: a folder of its own, scripted models, a module of tools."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lockgate.cli.app import app
from lockgate.settings import settings

SOURCE = str(Path(__file__).parents[2] / "src")

WRITE = """
- text: I will write it down.
  calls:
    - {name: write_file, args: {path: out.txt, text: hello}}
- It is done.
"""

TWO = """
- calls:
    - {name: write_file, args: {path: a.txt, text: one}, id: one}
    - {name: write_file, args: {path: b.txt, text: two}, id: two}
- Both are settled.
"""

HOSTILE = """
- text: "[bold]look[/bold] \\e[31mred\\e[0m \\u202eback"
  calls:
    - {name: write_file, args: {path: "x\\e[2Jy.txt", text: "[link=http://x]hi[/link]"}}
- "the end [red]\\e]0;title\\a[/red]"
"""

MODULE = '''
import os
from langgraph.graph import END, START, StateGraph
from lockgate import tool
from lockgate.graphs import react
from lockgate.state import AgentState


@tool(effect=True, idempotent=False)
def pay(amount: int) -> str:
    """Pay."""
    with open(os.environ["EFFECTS"], "a") as effects:
        effects.write(f"{amount}\\n")
    # Says that the call is under way, then waits to be let go or killed.
    if gate := os.environ.get("GATE"):
        with open(gate + ".in", "w") as ready:
            ready.write("ready")
        with open(gate + ".out") as go:
            go.read()
    return "paid"


@tool(effect=False)
def look(what: str) -> str:
    """Look."""
    return what


def unpaid(model, tools=(look,), policy=None, checkpointer=None):
    return react.build(model=model, tools=tools, policy=policy, checkpointer=checkpointer)


def bypass():
    def act(state):
        return {"answer": pay.run(amount=1)}

    graph = StateGraph(AgentState)
    graph.add_node("act", act)
    graph.add_edge(START, "act")
    graph.add_edge("act", END)
    return graph.compile()


ready = react.build(tools=[look])
number = 7
broken = lambda: 1 / 0
tools = [pay, look]
'''

ALLOW = """
version: 1
name: allow
rules:
  - {id: all, tools: [pay, look], action: allow, reason: a test}
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def result(self) -> dict[str, Any]:
        return self.lines[-1]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Commands run in `folder`, each in a process of its own, on the database at `url`."""

    folder: Path
    url: str
    more: dict[str, str] = field(default_factory=dict)

    def environment(self, **changes: str | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE_", "OPENAI_"))}
        mine = {"PYTHONPATH": SOURCE, "DATABASE_URL": self.url, "COLUMNS": "200", **self.more, **changes}
        return {**kept, **{name: value for name, value in mine.items() if value is not None}}

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "lockgate", *args]

    def __call__(self, *args: str, stdin: str | bytes = "", **changes: str | None) -> Done:
        """Runs a command in this process, which saves the second that a new one takes to import everything."""
        settings.cache_clear()
        names = {*os.environ, *self.environment(**changes)}
        path, modules, folder = list(sys.path), set(sys.modules), Path.cwd()
        os.chdir(self.folder)
        try:
            environment = {name: self.environment(**changes).get(name) for name in names}
            result = CliRunner().invoke(app, list(args), input=stdin, env=environment, prog_name="lockgate")
        finally:
            os.chdir(folder)
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                if not hasattr(sys.modules[name], "__file__") or str(self.folder) in str(sys.modules[name].__file__):
                    del sys.modules[name]
            settings.cache_clear()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(code=result.exit_code, out=result.stdout, err=result.stderr)

    def process(self, *args: str, stdin: bytes = b"", **changes: str | None) -> Done:
        """Runs a command in a process of its own."""
        done = subprocess.run(
            self.command(*args), cwd=self.folder, env=self.environment(**changes), input=stdin, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        return Done(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def start(self, *args: str, **changes: str | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*args), cwd=self.folder, env=self.environment(**changes),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def model(self, text: str, name: str = "model") -> str:
        (self.folder / f"{name}.yaml").write_text(text)
        return f"scripted:{name}.yaml"

    def run(self, script: str, *options: str, thread: str = "t", goal: str = "Do it.", **more: Any) -> Done:
        return self("run", "react", goal, "--model", self.model(script), "--thread", thread, *options, **more)

    def pending(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("approvals", "--json").json
        return found

    def effects(self) -> Iterable[str]:
        file = self.folder / "effects"
        return file.read_text().split() if file.exists() else []
