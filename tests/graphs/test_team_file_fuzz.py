"""Whatever stands in a team file, it is a team or the error names file, line and field."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.graphs.team_files import FILES, TEAMS

from lockgate.errors import FileError
from lockgate.graphs import load_team, verify
from lockgate.graphs.team_file import _AGENT_FIELDS, AgentFile, TeamFile, read_team

AGENT = sorted(AgentFile.model_fields)
TEAM = sorted(TeamFile.model_fields)
FIELDS = [*AGENT, *TEAM]
VALUES_OF_A_LINE = [
    "",
    "[]",
    "{}",
    "-1",
    "0",
    "~",
    "x",
    "[x]",
    "1e999",
    "yes",
    "builtin",
    "[builtin]",
    "react",
    "&a *a",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 10**20)
    | st.floats()
    | st.sampled_from(["x", "", "react", "builtins:str", "builtin", "starter", "a b", "ä", "..", "1"])
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
NAMES = st.sampled_from(["a", "b", "lead", "judge", "work", "1", "a.b"]) | st.text(max_size=5)
AGENTS = st.dictionaries(st.sampled_from(AGENT) | st.text(max_size=5), VALUES, max_size=4)
FILE = st.fixed_dictionaries(
    {"version": st.just(1) | SCALARS, "pattern": st.sampled_from(sorted(_AGENT_FIELDS)) | SCALARS},
    optional={
        "agents": st.dictionaries(NAMES, AGENTS | VALUES, max_size=3) | VALUES,
        **{name: VALUES for name in TEAM if name not in ("version", "pattern", "agents")},
        "typo": VALUES,
    },
)
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def sound(folder: Path, text: str, *, load: bool) -> Any:
    """The team; or None, once the error has been found to name its place."""
    path = folder / "team.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_team(path) if load else read_team(path)
    except FileError as caught:
        error = caught
    assert re.match(rf"{re.escape(str(folder))}/[\w.]+:\d+: ", error.message), error.message
    assert not re.search(r"[\x00-\x08\x1b]", error.message)
    return None


@ANY
@given(FILE)
def test_any_data_is_a_team_or_is_refused_with_its_line(folder: Path, data: dict[str, Any]) -> None:
    team = sound(folder, yaml.safe_dump(data, allow_unicode=True), load=False)
    if team is not None:
        assert team.agents


@ANY
@given(st.sampled_from(sorted(TEAMS)), st.data())
@example("hierarchy", None)
def test_a_team_file_with_something_wrong_in_it_is_loaded_or_refused(folder: Path, name: str, data: Any) -> None:
    lines = TEAMS[name].strip("\n").splitlines()
    for _ in range(data.draw(st.integers(1, 2)) if data else 0):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        indent = line[: len(line) - len(line.lstrip())]
        other = data.draw(st.sampled_from([*VALUES_OF_A_LINE, f"1\n{indent}{data.draw(st.sampled_from(FIELDS))}: 1"]))
        changed = [[], [line, line], [f"  {line}"], [line.upper()], [line.replace(":", "")]]
        lines[place : place + 1] = data.draw(st.sampled_from([*changed, [f"{line.partition(':')[0]}: {other}"]]))
        if not lines:
            lines = ["x"]
    graph = sound(folder, "\n".join(lines), load=True)
    if graph is not None:
        verify(graph)


@ANY
@given(st.text() | st.text(alphabet="-[]{}:,&*!|>'\"#%@` \n\tab1.~?<=", max_size=60))
@example('version: 1\npattern: react\nagents: {a: {tools: ["\x00:x"]}}')
@example('version: 1\npattern: react\nagents: {"\\ud800": {}}')
@example('version: 1\npattern: react\nagents: {a: {prompt: "\\ud800\\0"}}')
def test_any_text_is_refused_with_its_line(folder: Path, text: str) -> None:
    sound(folder, text, load=False)
