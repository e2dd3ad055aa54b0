"""`Unfolded`: what is made of the messages of a conversation, one thing of each, when only its end is new.

A long thread is looked at whole in every turn, and almost all of it is as it was the turn before. To find that out,
two lists are compared: that takes a pointer a message, and looks into none that is the very same.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Generic, TypeVar

from langchain_core.messages import BaseMessage

Made = TypeVar("Made")
MESSAGES = 100_000
"""Messages of all conversations together that something is remembered of, besides those of the last one."""


@dataclass(slots=True)
class _Known(Generic[Made]):
    key: Hashable
    messages: list[BaseMessage]
    made: list[Made]

    def common(self, messages: list[BaseMessage]) -> int:
        """How many of `messages`, from the first on, are the same."""
        # The last messages of a turn are other objects in the next one, which reads them from the database, but equal.
        if self.messages == messages[: len(self.messages)]:
            return len(self.messages)
        same = list(map(is_, self.messages, messages))
        return same.index(False) if False in same else len(same)


class Unfolded(Generic[Made]):
    """Remembers the conversations used last, `most` of them, and no more than `MESSAGES` of their messages.

    A message is replaced, never changed in place: what is made of one stays as long as the message does.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._known: OrderedDict[int, _Known[Made]] = OrderedDict()

    def of(self, messages: Sequence[BaseMessage], key: Hashable, make: Callable[[int], Made]) -> list[Made]:
        """What `make` makes of each message, given its place; `key` is what else that depends on."""
        if not messages:
            return []
        said, place = [*messages], id(messages[0])
        known = self._known.get(place)
        made = known.made[: known.common(said)] if known is not None and known.key == key else []
        made += [make(index) for index in range(len(made), len(said))]
        self._known[place] = _Known(key, said, made)
        self._known.move_to_end(place)
        held = sum(len(one.made) for one in tuple(self._known.values()))
        while len(self._known) > 1 and (len(self._known) > self._most or held > MESSAGES):
            held -= len(self._known.popitem(last=False)[1].made)
        return [*made]
