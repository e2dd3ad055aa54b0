"""Policy packs: the YAML format, version 1, and the packs that Lockgate ships."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from lockgate.errors import FileError, PolicyError, UnknownNameError
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Name, Rule
from lockgate.guardrails.sections import Sections
from lockgate.guardrails.wording import field_text, first_problem
from lockgate.yaml_data import Document, Kind, Loc, Problem, read_file, read_yaml

_KIND = Kind(name="pack", file="policy file", error=PolicyError, split="Split it and merge the policies.", plain=True)
_PACKS = files("lockgate.guardrails") / "packs"


class Pack(Sections):
    """A Lockgate policy pack."""

    version: Literal[1] = Field(description="Of the format.")
    name: Name | None = Field(default=None, description="Names the policy; the file's name when left out.")
    description: str = Field(default="", description="For people.")
    rules: Annotated[tuple[Rule, ...], Field(description="What no rule allows is denied.")]


def json_schema() -> dict[str, Any]:
    """The format as a JSON schema, for editors. `packs/schema.json` holds it: `python -m lockgate.guardrails.pack`."""
    return editor_schema(Pack)


def editor_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a file that is read as `model`."""
    schema = _without_null(model.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _without_null(schema: Any) -> Any:
    """A field that is left out is None in Python; in a pack null is refused, so the schema does not offer it."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_null(value) for key, value in schema.items() if not (key == "default" and value is None)}
    options = [option for option in kept.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return options[0] | kept
    return kept | ({"anyOf": options} if options else {})


def shipped_packs() -> list[str]:
    """Names that `Policy.load` takes in place of a file."""
    names = (entry.name for entry in _PACKS.iterdir())
    return sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml") and not n.endswith(".test.yaml"))


def read_pack(source: "str | os.PathLike[str]") -> Policy:
    """The policy of a file, or of the shipped pack called `source`. Raises PolicyError."""
    name = os.fspath(source)
    if name in shipped_packs():
        return parse_pack((_PACKS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
    hint = UnknownNameError.of("pack", name, shipped_packs()).hint
    return _policy(read_file(name, _KIND, absent=", and no pack has that name", hint=hint), Path(name).stem)


def rule_lines(source: "str | os.PathLike[str]") -> dict[str, int]:
    """The line on which each rule of a sound pack begins, by its id."""
    name = os.fspath(source)
    shipped = name in shipped_packs()
    document = (
        read_yaml((_PACKS / f"{name}.yaml").read_text("utf-8"), name, _KIND) if shipped else read_file(name, _KIND)
    )
    return {rule["id"]: document.line(("rules", index)) for index, rule in enumerate(document.data["rules"])}


def parse_pack(text: str, source: str) -> Policy:
    """The policy that `text` holds. Raises PolicyError with `source`, line, rule and field."""
    return _policy(read_yaml(text, source, _KIND), "policy")


def _policy(document: Document, default_name: str) -> Policy:
    data = document.data
    if data is None:
        raise PolicyError("the pack is empty.", "Start it with 'version: 1'.", document.source)
    if not isinstance(data, dict):
        raise document.error(Problem(message="a pack is a mapping of fields.", hint="Start it with 'version: 1'."))
    if document.faults:
        raise _located(document.faults[0], document, data)
    written = data.get("rules")
    listed = isinstance(written, list)
    pack = _pack({**data, "rules": []} if listed else data, document)
    rules = [_rule(item, index, document) for index, item in enumerate(written if isinstance(written, list) else ())]
    _refuse_twins(rules, document)
    sections = Sections.model_construct(**{name: getattr(pack, name) for name in Sections.model_fields})
    return Policy(rules, name=pack.name or default_name, sections=sections)


def _pack(data: dict[str, Any], document: Document) -> Pack:
    try:
        return Pack.model_validate(data)
    except ValidationError as error:
        raise _located(first_problem(error, Pack), document, data) from None


def _rule(item: Any, index: int, document: Document) -> Rule:
    if not isinstance(item, dict):
        problem = Problem(message="must be a mapping of fields.", hint="- {id: NAME, tools: [TOOL], action: allow}")
    else:
        try:
            return Rule(**item)
        except PolicyError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            problem = first_problem(error.__cause__, Rule)
    loc: Loc = ("rules", index, *problem.loc)
    raise _located(Problem(loc=loc, message=problem.message, hint=problem.hint), document, document.data) from None


def _located(problem: Problem, document: Document, data: dict[str, Any]) -> FileError:
    detail, loc = "", problem.loc
    if loc[:1] == ("rules",) and len(loc) > 1 and isinstance(data["rules"], list):
        index = int(loc[1])
        detail = f": {_called(data['rules'][index], index)}"
        loc = loc[2:]
    if loc:
        detail += f"{',' if detail else ':'} field {field_text(loc)!r}"
    return document.error(problem, detail)


def _called(item: Any, index: int) -> str:
    name = item.get("id") if isinstance(item, dict) else None
    return f"rule {name[:200]!r}" if isinstance(name, str) else f"rule number {index + 1}"


def _refuse_twins(rules: list[Rule], document: Document) -> None:
    first: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule.id in first:
            line = document.line(("rules", first[rule.id], "id"))
            problem = Problem(
                loc=("rules", index, "id"),
                message=f"the id {rule.id!r} is already taken in line {line}.",
                hint="Give one of the rules another id.",
            )
            raise _located(problem, document, document.data)
        first[rule.id] = index


if __name__ == "__main__":
    import json

    print(json.dumps(json_schema(), indent=2))  # noqa: T201 - this prints the schema
