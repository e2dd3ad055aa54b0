"""YAML with nothing surprising in it: plain data, and the line each piece stands on.

Refused: aliases, tags, merge keys, duplicate keys (PyYAML keeps the last one in silence), several
documents, depth over 64, tabs, and words that YAML 1.1 and 1.2 read differently (`no`, `on`, `1_000`, `12:30`, dates).
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from lockgate.errors import PolicyError
from lockgate.guardrails.wording import Loc, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})\Z")
_FLOAT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")
_OTHER_BASE = re.compile(r"0[ox][0-9a-fA-F]+\Z")
_PREFIX = "tag:yaml.org,2002:"


@dataclass(frozen=True, kw_only=True)
class Document:
    """The data of one YAML text. `lines` gives the line (from 1) of each key and list item by its way from the root.

    `faults` are the pieces that parse but are refused, in order; `data` is of use only to describe them then.
    """

    data: Any
    source: str
    lines: dict[Loc, int] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of `loc`, or of the nearest thing around it."""
        for end in range(len(loc), 0, -1):
            if (line := self.lines.get(loc[:end])) is not None:
                return line
        return self.lines.get((), 1)


def read_yaml(text: str, source: str) -> Document:
    """Parses `text`. Raises PolicyError with `source:line` for what is no YAML or could do harm."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PolicyError(f"a pack is at most {MAX_BYTES:,} bytes.", "Split it and merge the policies.", source)
    try:
        _screen(text, source)
        root = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeError) as error:
        raise _not_yaml(error, text, source) from None
    if root is None:
        raise PolicyError("the pack is empty.", "Start it with 'version: 1'.", source)
    document = Document(data=None, source=source)
    return replace(document, data=_data(root, (), document))


def _screen(text: str, source: str) -> None:
    """Looks at the events, which take no memory, before anything is built from them."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _at(event, source, "anchors and aliases are not allowed here.", "Write the value out.")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _at(event, source, "a second document starts here; a pack is one document.", "Remove the '---'.")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _at(event, source, f"nested more than {MAX_DEPTH} deep.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _at(node: Any, source: str, message: str, hint: str = "") -> PolicyError:
    return PolicyError(message, hint, f"{source}:{node.start_mark.line + 1}")


def _not_yaml(error: Exception, text: str, source: str) -> PolicyError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
    where = f"{source}:{line}"
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return PolicyError("the line is indented with a tab.", "YAML takes spaces only.", where)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "the text cannot be read"
    context = getattr(error, "context", None)
    return PolicyError(f"not valid YAML: {f'{context}: ' if context else ''}{problem}.", where=where)


def _data(node: Any, loc: Loc, document: Document) -> Any:
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, loc, document)
    if node.tag not in (f"{_PREFIX}map", f"{_PREFIX}seq"):
        _fault(node, loc, document, f"the tag {node.tag!r} is not allowed here.", "Remove it.")
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, (*loc, index), document) for index, item in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _scalar(key_node, loc, document) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            _fault(key_node, loc, document, "a field's name must be text.", "Put it in quotes.")
        elif key in mapping:
            first = document.lines[(*loc, key)]
            message = f"the field {key!r} is already given in line {first}."
            _fault(key_node, (*loc, key), document, message, "Remove one, or join them.")
        else:
            document.lines[(*loc, key)] = key_node.start_mark.line + 1
            mapping[key] = _data(value_node, (*loc, key), document)
    return mapping


def _fault(node: Any, loc: Loc, document: Document, message: str, hint: str) -> None:
    document.faults.append(Problem(loc=loc, line=node.start_mark.line + 1, message=message, hint=hint))


def _scalar(node: Any, loc: Loc, document: Document) -> Any:
    """The value that YAML 1.1 and 1.2 agree on; a fault, and the text, where they do not."""
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    if node.style:  # quoted or a block (plain is None or, from the C parser, empty): text, unless a tag says otherwise
        if kind != "str":
            _fault(node, loc, document, f"the tag {node.tag!r} is not allowed here.", "Remove it.")
        return text
    if kind == "null" and text in ("", "~", "null"):
        return None
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    if kind == "int" and _INTEGER.match(text):
        return int(text)
    if kind == "float" and _FLOAT.match(text):
        return float(text)
    if kind != "str" or _FLOAT.match(text) or _OTHER_BASE.match(text):
        hint = f"Write '{text[:80]}' in quotes if it is text; else write true, false, or a plain number."
        _fault(node, loc, document, f"{text[:80]!r} means different things to different readers of YAML.", hint)
    return text
