"""Where two states differ, place by place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place of the state that differs; a side that has no such place is None.

    `path` names a message by its id, `place` by its number, as a fork's settings take it.
    """

    path: str
    place: str
    before: Any
    after: Any


def changes(before: Any, after: Any, path: str = "", place: str = "") -> list[Change]:
    """Where two states differ, leaf by leaf. Messages are matched by their ids, other lists by position."""
    left, right = _parts(before), _parts(after)
    if before is None and right and not isinstance(after, BaseModel):
        left = {}
    if left is None or right is None or not (left == {} or _kind(before) == _kind(after)):
        return [] if before == after else [Change(path=path, place=place, before=before, after=after)]
    found: list[Change] = []
    for name in dict.fromkeys([*left, *right]):
        (_, was), (number, now) = left.get(name, ("", None)), right.get(name, ("", None))
        number = number or left[name][0]
        found += changes(was, now, _join(path, name), _join(place, number))
    return found


def _parts(value: Any) -> dict[str, tuple[str, Any]] | None:
    """What lies below a value: by its name, its number or name and itself; None for a leaf."""
    if isinstance(value, Mapping):
        return {str(name): (str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return {getattr(item, "id", None) or str(at): (str(at), item) for at, item in enumerate(value)}
    if isinstance(value, BaseModel) and not isinstance(value, BaseMessage):
        return {name: (name, item) for name, item in value}
    return None


def _kind(value: Any) -> Any:
    return next((kind for kind in (Mapping, list | tuple) if isinstance(value, kind)), type(value))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
