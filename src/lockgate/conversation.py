"""`Unfolded`: what is made of the messages of a conversation, one thing of each, when only its end is new.

A long thread is looked at whole in every turn, and almost all of it is as it was the turn before.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter, is_
from typing import Any, Generic, TypeVar

from langchain_core.messages import BaseMessage

Made = TypeVar("Made")
_content = attrgetter("content")


@dataclass(slots=True)
class _Known(Generic[Made]):
    key: Hashable
    messages: list[BaseMessage]
    contents: list[Any]
    made: list[Made]

    def common(self, messages: Sequence[BaseMessage]) -> int:
        """How many of `messages`, from the first on, are the very same, each with the content that it had."""
        same = list(map(is_, self.messages, messages))
        unchanged = list(map(is_, self.contents, map(_content, messages)))
        return min(flags.index(False) if False in flags else len(flags) for flags in (same, unchanged))


class Unfolded(Generic[Made]):
    """Remembers the conversations used last, `most` of them. A message is replaced, never changed in place."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._known: OrderedDict[int, _Known[Made]] = OrderedDict()

    def of(self, messages: Sequence[BaseMessage], key: Hashable, make: Callable[[int], Made]) -> list[Made]:
        """What `make` makes of each message, given its place; `key` is what else that depends on."""
        if not messages:
            return []
        place = id(messages[0])
        known = self._known.get(place)
        # The last messages of a turn are other objects in the next one, which reads them from the database.
        made = known.made[: known.common(messages)] if known is not None and known.key == key else []
        made += [make(index) for index in range(len(made), len(messages))]
        self._known[place] = _Known(key, [*messages], [*map(_content, messages)], made)
        self._known.move_to_end(place)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return [*made]
