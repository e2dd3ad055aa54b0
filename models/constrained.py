"""Holds a local model to tool schemas: the grammar it writes in, and how what it wrote is read.

The model writes `{"tool": NAME, "arguments": {...}}` or `{"answer": TEXT}`. The grammar is llguidance's
(https://github.com/guidance-ai/llguidance, `docs/json_schema.md`), which llama.cpp follows token by token.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.utils.json import parse_partial_json

MAX_ITEMS = 8
"""Items of a list whose schema sets no bound; small models do not know when to stop."""

_PROSE = {"title", "description", "default", "examples", "deprecated", "$comment"}
_SHAPE = {"type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs",
          "additionalProperties", "maxLength", "maxItems", "minItems"}  # fmt: skip


_ANSWER = re.compile(r'\{"answer":"((?:[^"\\]|\\[^u]|\\u[0-9a-fA-F]{4})*)')
"""An answer that is being written, up to the last whole character; no other way to write it fits the grammar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the model wrote: an `answer`, or the call of `tool` with `args`; `broken` is the text of neither."""

    answer: str = ""
    tool: str = ""
    args: Mapping[str, Any] | None = None
    broken: str = ""


def grammar(tools: Sequence[Mapping[str, Any]], *, answer: bool, max_chars: int, bare: bool = False) -> str:
    """The grammar of one turn: a call of one of `tools` (each `{"name", "parameters"}`) or, with `answer`, an answer.

    A text whose schema sets no bound gets at most `max_chars` characters, so that a model that runs in circles comes
    to an end (a schema that refers to itself has none: its call may be cut off). `bare` holds to the shape alone, for
    schemas with patterns or formats llguidance cannot read.
    """
    choices, definitions = [], {}
    if answer:
        choices.append(_object(answer={"type": "string", "maxLength": max_chars}))
    for number, tool in enumerate(tools):
        narrow = _Narrow(f"t{number}_", max_chars, bare)
        parameters = dict(tool.get("parameters") or {"type": "object", "properties": {}})
        for key in ("$defs", "definitions"):
            definitions.update({f"t{number}_{name}": narrow(part) for name, part in parameters.pop(key, {}).items()})
        choices.append(_object(tool={"const": tool["name"]}, arguments=narrow(parameters)))
    schema = {"anyOf": choices, "$defs": definitions, "x-guidance": {"whitespace_flexible": False, "lenient": True}}
    return f"%llguidance {{}}\nstart: %json {json.dumps(schema)}"


def read(text: str) -> Written:
    """Reads what was written under a grammar; what was cut short is read as far as it goes."""
    try:
        value, whole = json.loads(text), True
    except ValueError:
        value, whole = _partial(text), False
    match value:
        case {"answer": str(answer)}:
            return Written(answer=answer.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        case {"tool": str(tool), "arguments": dict(args)} if whole:
            return Written(tool=tool, args=args)
        case {"tool": str(tool), "arguments": _}:
            return Written(tool=tool, broken=text)
    return Written(broken=text)


def answer_so_far(text: str) -> str:
    """The part of the answer in `text`, which is still being written; empty when it is no answer."""
    begun = _ANSWER.match(text)
    answer: str = json.loads(f'"{begun[1]}"', strict=False) if begun else ""
    # A character beyond the first 65,536 is written as two escapes: wait for the other one.
    return answer[:-1] if "\ud800" <= answer[-1:] <= "\udbff" else answer


def _partial(text: str) -> Any:
    try:
        return parse_partial_json(text)
    except ValueError:
        return None


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class _Narrow:
    """Makes a schema finite: whatever fits the narrowed schema fits the one it was made from."""

    prefix: str
    max_chars: int
    bare: bool

    def __call__(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        narrow = {key: self._part(key, value) for key, value in schema.items() if self._kept(key)}
        if schema.get("type") == "string" and not {"enum", "const"} & schema.keys():
            longest = max(self.max_chars, schema.get("minLength", 0))
            narrow["maxLength"] = min(schema.get("maxLength", longest), longest)
        if schema.get("type") == "array":
            narrow.setdefault("maxItems", max(MAX_ITEMS, schema.get("minItems", 0)))
        if "properties" in schema:
            narrow.setdefault("additionalProperties", False)
        return narrow

    def _kept(self, key: str) -> bool:
        return key in _SHAPE if self.bare else key not in _PROSE

    def _part(self, key: str, value: Any) -> Any:
        if key == "$ref" and isinstance(value, str):
            return f"#/$defs/{self.prefix}{value.rsplit('/', 1)[-1]}"
        if key in {"properties", "patternProperties"} and isinstance(value, Mapping):
            return {name: self(part) for name, part in value.items()}
        if key in {"anyOf", "oneOf", "allOf", "prefixItems"} and isinstance(value, list):
            return [self(part) for part in value]
        return self(value) if key in {"items", "additionalProperties", "not"} else value
