"""Turns of a scripted model: what they may be written as, their check, and which one comes next."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage
from langchain_core.messages.ai import UsageMetadata

from lockgate.errors import ScriptError
from lockgate.yaml_data import Loc

_TURN = "a turn is text, an AIMessage, a dict, a Branch or a function of the messages"
CHARS_A_TOKEN = 4
"""The usual rule of thumb for English text."""

Turn: TypeAlias = "str | AIMessage | Mapping[str, Any] | Branch | Callable[..., Any]"
"""What a turn may be written as; the docstring of `ScriptedModel` says what each means."""


class Fault(Exception):  # noqa: N818 - never leaves this package: it becomes a ConfigError or a ScriptError
    """A turn is malformed. `place` leads to the part at fault."""

    def __init__(self, place: Loc, text: str) -> None:
        super().__init__(text)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A case of a branch: `then` is played if every text given fits; without any it always fits.

    `last_contains`: the last message holds it. `tool_result`: this tool has given a result, and the last one
    holds `contains`.
    """

    then: "Turn | Sequence[Turn]"
    last_contains: str = ""
    tool_result: str = ""
    contains: str = ""

    def fits(self, messages: Sequence[BaseMessage]) -> bool:
        """Whether it holds for the conversation so far."""
        if self.last_contains and not (messages and _holds(messages[-1], self.last_contains)):
            return False
        if not self.tool_result:
            return True
        result = next((m for m in reversed(messages) if _is_result(m, self.tool_result, messages)), None)
        return result is not None and _holds(result, self.contains)


class Branch:
    """Plays the first of `cases` that fits."""

    __slots__ = ("cases",)

    def __init__(self, *cases: When) -> None:
        self.cases = cases


@dataclass(frozen=True, slots=True)
class Play:
    """A turn ready to be played."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any], str | None], ...] = ()
    usage: tuple[int, int] | None = None
    given: AIMessage | None = None

    def message(self, index: int, messages: Sequence[BaseMessage]) -> AIMessage:
        """A fresh message (its receiver may set its id) for the turn `index`."""
        if self.given is not None:
            calls = [{**call, "id": call["id"] or f"call-{index}-{n}"} for n, call in enumerate(self.given.tool_calls)]
            usage = self.given.usage_metadata or self._usage(messages, self.given.text)
            return self.given.model_copy(update={"tool_calls": calls, "usage_metadata": usage})
        return AIMessage(
            content=self.text,
            tool_calls=[
                ToolCall(name=name, args=dict(args), id=id_ or f"call-{index}-{n}", type="tool_call")
                for n, (name, args, id_) in enumerate(self.calls)
            ],
            usage_metadata=self._usage(messages, self.text),
        )

    def _usage(self, messages: Sequence[BaseMessage], text: str) -> UsageMetadata:
        if self.usage is not None:
            read, written = self.usage
        else:
            chars = sum(len(m.content) if isinstance(m.content, str) else len(m.text) for m in messages)
            said = len(text) + sum(len(name) + len(str(args)) for name, args, _ in self.calls)
            read, written = 1 + chars // CHARS_A_TOKEN, 1 + said // CHARS_A_TOKEN
        return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


@dataclass(frozen=True, slots=True)
class Function:
    """A turn made when it is asked for."""

    function: Callable[..., Any]
    takes_tools: bool

    def play(self, messages: list[BaseMessage], tools: Sequence[dict[str, Any]]) -> Play:
        """What the function says. Raises Fault when that is no turn."""
        made = _step(self.function(messages, tools) if self.takes_tools else self.function(messages), ())
        if not isinstance(made, Play):
            raise Fault((), "a function returns text, an AIMessage or a dict")
        return made


@dataclass(frozen=True, slots=True)
class _Fork:
    cases: tuple[tuple[When, "tuple[Step, ...]"], ...]


Step: TypeAlias = Play | Function | _Fork


@dataclass(frozen=True, slots=True)
class Script:
    """Checked turns. Which comes next depends on the conversation alone."""

    steps: tuple[Step, ...] = ()
    forked: bool = False

    @classmethod
    def parse(cls, turns: Any) -> "Script":
        """Raises Fault when `turns` is not a list of turns."""
        if not isinstance(turns, Sequence) or isinstance(turns, str | bytes):
            raise Fault((), "a script is a list of turns")
        steps = tuple(_step(turn, (index,)) for index, turn in enumerate(turns))
        return cls(steps, forked=any(isinstance(step, _Fork) for step in steps))

    def next(self, messages: Sequence[BaseMessage]) -> tuple[int, Play | Function]:
        """The index, from 0, and the turn that follows `messages`; raises ScriptError when there is none."""
        said = [place for place, message in enumerate(messages) if isinstance(message, AIMessage)]
        index = len(said)
        if not self.forked:
            if index < len(self.steps):
                return index, self.steps[index]  # type: ignore[return-value]
            count = len(self.steps)
        else:
            # A fork is decided by what had been said when it was reached, so the way here is walked again.
            count = 0
            for count, step in enumerate(_walk(self.steps, messages, [*said, len(messages)]), 1):
                if count > index:
                    return index, step
        raise ScriptError(
            f"The script ends after {count} turns, and turn {index} (from 0) was asked for after {_last(messages)}.",
            "Add a turn, or look at why the run goes on.",
        )


def _walk(steps: Sequence[Step], messages: Sequence[BaseMessage], said: list[int]) -> Iterator[Play | Function]:
    """The turns in order; takes from `said` the number of messages before each of them."""
    for step in steps:
        if not isinstance(step, _Fork):
            yield step
            del said[0]
            continue
        seen = messages[: said[0]]
        then = next((then for case, then in step.cases if case.fits(seen)), None)
        if then is None:
            raise ScriptError(f"No case of the script's branch fits after {_last(seen)}.", "Add an `otherwise`.")
        yield from _walk(then, messages, said)


def _step(turn: Any, place: Loc) -> Step:
    match turn:
        case str():
            return Play(turn)
        case AIMessage():
            return Play(given=turn)
        case Branch():
            return _Fork(tuple((case, _steps(case.then, (*place, n))) for n, case in enumerate(turn.cases)))
        case {"branch": cases, **rest}:
            _only(rest, (), place)
            return _Fork(
                tuple(_case(case, (*place, "branch", n)) for n, case in enumerate(_list(cases, place, "branch")))
            )
        case Mapping():
            return _play(turn, place)
        case _ if callable(turn):
            wanted = [p for p in signature(turn).parameters.values() if p.default is Parameter.empty]
            return Function(
                turn, sum(p.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD} for p in wanted) > 1
            )
    raise Fault(place, f"{_TURN}, not {type(turn).__name__}")


def _steps(then: Any, place: Loc) -> tuple[Step, ...]:
    if isinstance(then, list | tuple):
        return tuple(_step(turn, (*place, n)) for n, turn in enumerate(then))
    return (_step(then, place),)


def _case(case: Any, place: Loc) -> tuple[When, tuple[Step, ...]]:
    match case:
        case {"otherwise": then, **rest}:
            _only(rest, (), place)
            return When(then=then), _steps(then, (*place, "otherwise"))
        case {"when": {**conditions}, "then": then, **rest} if conditions:
            _only(rest, (), place)
            place_when = (*place, "when")
            _only(conditions, ("last_contains", "tool_result", "contains"), place_when)
            texts = {name: _text(conditions, name, place_when) for name in map(str, conditions)}
            if "contains" in texts and "tool_result" not in texts:
                raise Fault(place_when, "'contains' needs the 'tool_result' it looks into")
            return When(then=then, **texts), _steps(then, (*place, "then"))
    raise Fault(place, "a case is {when: {last_contains, tool_result, contains}, then: TURNS} or {otherwise: TURNS}")


def _play(turn: Mapping[str, Any], place: Loc) -> Play:
    _only(turn, ("text", "calls", "usage"), place)
    if not turn:
        raise Fault(place, "a turn needs a text or calls")
    calls = []
    for n, call in enumerate(_list(turn.get("calls", []), place, "calls")):
        at = (*place, "calls", n)
        if not isinstance(call, Mapping):
            raise Fault(at, "a call is {name: TEXT, args: {...}}")
        _only(call, ("name", "args", "id"), at)
        args = call.get("args", {})
        if not isinstance(args, Mapping):
            raise Fault((*at, "args"), "'args' maps names to values")
        if not call.get("name"):
            raise Fault(at, "a call needs a 'name'")
        calls.append((_text(call, "name", at), dict(args), _text(call, "id", at) or None))
    return Play(_text(turn, "text", place), tuple(calls), _usage(turn.get("usage"), (*place, "usage")))


def _usage(usage: Any, place: Loc) -> tuple[int, int] | None:
    match usage:
        case None:
            return None
        case {"input": int(read), "output": int(written), **rest} if not rest and min(read, written) >= 0:
            return read, written
    raise Fault(place, "'usage' is {input: TOKENS, output: TOKENS}")


def _only(given: Mapping[Any, Any], known: Sequence[str], place: Loc) -> None:
    if extra := [key for key in given if key not in known]:
        raise Fault(
            (*place, extra[0]), f"{str(extra[0])[:50]!r} means nothing here; known: {', '.join(known) or 'no more'}"
        )


def _text(given: Mapping[Any, Any], key: str, place: Loc) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise Fault((*place, key), f"{key!r} is text, not {type(value).__name__}; quote it")
    return value


def _list(value: Any, place: Loc, key: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Fault((*place, key), f"{key!r} is a list")
    return list(value)


def _holds(message: BaseMessage, text: str) -> bool:
    return text.casefold() in message.text.casefold()


def _is_result(message: BaseMessage, tool: str, messages: Sequence[BaseMessage]) -> bool:
    if not isinstance(message, ToolMessage):
        return False
    if message.name is not None:
        return message.name == tool
    asked = (call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls)
    return any(call["id"] == message.tool_call_id and call["name"] == tool for call in asked)


def _last(messages: Sequence[BaseMessage]) -> str:
    return f"{messages[-1].type} {messages[-1].text[:200]!r}" if messages else "nothing"
