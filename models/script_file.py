"""Reads a script from YAML: plain data only, bounded in size and depth, with the line of every value."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from lockgate.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
_HINT = "docs/models.md shows a script."

Place = tuple[Hashable, ...]
"""Keys and indexes that lead to a value, outermost first."""


@dataclass(frozen=True)
class Document:
    """A value read from `path`; `line_of` knows where each part of it stands."""

    path: Path
    value: Any
    lines: dict[Place, int] = field(repr=False)

    def line_of(self, place: Place) -> int:
        """The line, from 1, of the value at `place` or of the nearest one round it."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(path: Path) -> Document:
    """The document in `path`. Raises ConfigError that names the file and, where there is one, the line.

    Scalars are read as YAML 1.2 reads them: only `true` and `false` are booleans, `12:30` and dates are text.
    """
    text = _text(path)
    try:
        _check_events(text, path)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _fault(path, line, f"not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise _fault(path, 1, f"not valid YAML: {str(error).splitlines()[0]}") from None
    lines: dict[Place, int] = {}
    value = None if root is None else _value(root, (), lines, path)
    return Document(path, value, lines)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"Cannot read the script {path}: {error.strerror}.", "Check the path.") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"The script {path} is larger than {MAX_BYTES:,} bytes.", "Split it.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _fault(path, line, "not UTF-8 text") from None


def _check_events(text: str, path: Path) -> None:
    # Looked at as a stream, before anything is built: aliases can swell to any size, and depth is our recursion.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _fault(path, _line(event), f"aliases (*{event.anchor}) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _fault(path, _line(event), f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> Any:
    line = lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_value(item, (*place, index), lines, path) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key in result:
                raise _fault(
                    path, key_node.start_mark.line + 1, f"the key {str(key)[:50]!r} is not text or is repeated"
                )
            result[key] = _value(value_node, (*place, key), lines, path)
        return result
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, line, path)
    raise _fault(path, line, f"the tag {node.tag} is not allowed")


def _scalar(node: yaml.ScalarNode, line: int, path: Path) -> Any:
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "null":
        return None
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in {"str", "timestamp", "int", "float", "value", "merge"} and node.tag.startswith("tag:yaml.org,2002:"):
        if kind not in {"int", "float"}:
            return text
        try:
            number = int(text) if kind == "int" else float(text)
        except ValueError:
            return text
        if isfinite(number):
            return number
    raise _fault(path, line, f"{text[:50]!r} is not a value that JSON can hold")


def _fault(path: Path, line: int, text: str) -> ConfigError:
    return ConfigError(f"{path}:{line}: {text}.", _HINT)
