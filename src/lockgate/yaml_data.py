"""YAML with nothing surprising in it: plain data, and the line each piece stands on.

Refused: aliases, tags, merge keys, duplicate keys (PyYAML keeps the last one in silence), several
documents, depth over 64, tabs, numbers too large for a float, and what YAML 1.1 and 1.2 read differently: words (`no`,
`on`, `1_000`, `12:30`, dates), and characters that end a line for one and for few editors, so that a comment would hold
more than it shows.
"""

import re
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from lockgate.errors import FileError

Loc: TypeAlias = tuple[str | int, ...]
"""Keys and indexes that lead to a value, outermost first."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})\Z")
_FLOAT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_OTHER_BASE = re.compile(r"0[ox][0-9a-fA-F]+\Z")
_PREFIX = "tag:yaml.org,2002:"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a text is and how errors speak of it: `name` ("pack"), its `file` ("policy file"), their class.

    `split` is the next step for one that is too large. In a `plain` one no text holds control characters.
    """

    name: str
    file: str
    error: type[FileError] = FileError
    split: str = "Split it."
    plain: bool = False


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong: `loc` is the way to it from the root, `line` where it stands when that is known."""

    loc: Loc = ()
    message: str
    hint: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """The data of one YAML text, None when it is empty.

    `lines` gives the line (from 1) of each key and list item by its way from the root.
    `faults` are the pieces that parse but are refused, in order; `data` is of use only to describe them then.
    """

    data: Any = None
    source: str
    kind: Kind
    lines: dict[Loc, int] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of `loc`, or of the nearest thing around it."""
        for end in range(len(loc), 0, -1):
            if (line := self.lines.get(loc[:end])) is not None:
                return line
        return self.lines.get((), 1)

    def error(self, problem: Problem, detail: str = "") -> FileError:
        """What to raise for `problem`; its `where` is the file, the line and `detail`."""
        where = f"{self.source}:{problem.line or self.line(problem.loc)}{detail}"
        return self.kind.error(problem.message, problem.hint, where)


def read_file(name: str, kind: Kind, *, absent: str = "", hint: str = "Check the path.") -> Document:
    """Reads the file `name` as `read_yaml` does. `absent` and `hint` say more when there is no such file."""
    path = Path(name)
    try:
        if not path.is_file():  # a pipe would be waited for
            problem = "is not a file" if path.exists() else "does not exist"
            raise kind.error(f"the {kind.file} {name!r} {problem}{absent}.", hint)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        message = f"the {kind.file} {name!r} cannot be read: {error}."
        raise kind.error(message, "Check the path and its rights.") from None
    _refuse_large(raw, name, kind)
    try:
        text = raw.decode()  # the parser skips a byte order mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise kind.error("the file is not UTF-8 text.", "Save it as UTF-8.", f"{name}:{line}") from None
    return read_yaml(text, name, kind)


def read_yaml(text: str, source: str, kind: Kind) -> Document:
    """Parses `text`. Raises the error of `kind`, with `source:line`, for what is no YAML or could do harm."""
    _refuse_large(text.encode("utf-8", "surrogatepass"), source, kind)
    document = Document(source=source, kind=kind)
    try:
        _screen(text, document)
        root = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeError) as error:
        raise document.error(_not_yaml(error, text)) from None
    return document if root is None else replace(document, data=_data(root, (), document))


def _refuse_large(raw: bytes, source: str, kind: Kind) -> None:
    if len(raw) > MAX_BYTES:
        raise kind.error(f"a {kind.name} is at most {MAX_BYTES:,} bytes.", kind.split, source)


def _screen(text: str, document: Document) -> None:
    """Looks at the events, which take no memory, before anything is built from them."""
    if odd := _LINE_ENDS.search(text):
        message = f"here stands U+{ord(odd[0]):04X}, which some readers of YAML take for the end of the line."
        hint = 'Remove it; within double quotes it is "\\N" (U+0085), "\\L" (U+2028) or "\\P" (U+2029).'
        raise document.error(Problem(line=text.count("\n", 0, odd.start()) + 1, message=message, hint=hint))
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise document.error(_at(event, "anchors and aliases are not allowed here.", "Write the value out."))
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                message = f"a second document starts here; a {document.kind.name} is one document."
                raise document.error(_at(event, message, "Remove the '---'."))
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise document.error(_at(event, f"nested more than {MAX_DEPTH} deep.", "Make it flatter."))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _at(node: Any, message: str, hint: str = "", loc: Loc = ()) -> Problem:
    return Problem(loc=loc, line=node.start_mark.line + 1, message=message, hint=hint)


def _not_yaml(error: Exception, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return Problem(line=line, message="the line is indented with a tab.", hint="YAML takes spaces only.")
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "the text cannot be read"
    context = getattr(error, "context", None)
    return Problem(line=line, message=f"not valid YAML: {f'{context}: ' if context else ''}{problem}.")


def _data(node: Any, loc: Loc, document: Document) -> Any:
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, loc, document)
    if node.tag not in (f"{_PREFIX}map", f"{_PREFIX}seq"):
        document.faults.append(_at(node, f"the tag {node.tag!r} is not allowed here.", "Remove it.", loc))
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, (*loc, index), document) for index, item in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _scalar(key_node, loc, document) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            document.faults.append(_at(key_node, "a field's name must be text.", "Put it in quotes.", loc))
        elif key in mapping:
            first = document.lines[(*loc, key)]
            message = f"the field {key!r} is already given in line {first}."
            document.faults.append(_at(key_node, message, "Remove one, or join them.", (*loc, key)))
        else:
            document.lines[(*loc, key)] = key_node.start_mark.line + 1
            mapping[key] = _data(value_node, (*loc, key), document)
    return mapping


def _scalar(node: Any, loc: Loc, document: Document) -> Any:
    """The value that YAML 1.1 and 1.2 agree on; a fault, and the text, where they do not."""
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    if document.kind.plain and (odd := _CONTROL.search(text)):
        hint = "Remove it; a pattern says it as \\x and two digits, in single quotes."
        message = f"the text holds a control character (U+{ord(odd[0]):04X})."
        document.faults.append(_at(node, message, hint, loc))
    if node.style:  # quoted or a block (plain is None or, from the C parser, empty): text, unless a tag says otherwise
        if kind != "str":
            document.faults.append(_at(node, f"the tag {node.tag!r} is not allowed here.", "Remove it.", loc))
        return text
    if kind == "null" and text in ("", "~", "null"):
        return None
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    if kind == "int" and _INTEGER.match(text):
        return int(text)
    if kind == "float" and _FLOAT.match(text) and isfinite(number := float(text)):
        return number
    if kind != "str" or _FLOAT.match(text) or _OTHER_BASE.match(text):
        hint = f"Write '{text[:80]}' in quotes if it is text; else write true, false, or a plain number."
        message = f"{text[:80]!r} means different things to different readers of YAML."
        document.faults.append(_at(node, message, hint, loc))
    return text
