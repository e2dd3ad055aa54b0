"""From the messages of a session to its labelled passages."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from lockgate.conversation import Unfolded
from lockgate.decision import canonical_json
from lockgate.labels import OWNER, TRUSTED, UNTRUSTED, Integrity, Label, join
from lockgate.passage import MARK, Finding, Passage
from lockgate.result import ErrorKind
from lockgate.spec import ToolSpec


def passages(
    messages: Sequence[BaseMessage], tools: Mapping[str, ToolSpec], *, system: str = "", task: Label | None = None
) -> tuple[Passage, ...]:
    """The texts of `messages` as passages, oldest first, after the operator's `system` prompt.

    A tool's text has the label its message carries, raised to what the tool's facts say; without either it is
    untrusted. With `task`, the label of a task handed down by another agent, what is said to the agent is that agent's
    word and not the user's; its message may carry a label of its own. Answers to calls that never ran are left out: the
    lock wrote them.
    """
    facts = {name: stated(spec, name) for name, spec in tools.items()}
    key = task, tuple(facts.items())
    seen = _seen.of(messages, key, lambda index: _passage(messages, index, facts, task))
    return (*([_operator(system)] if system else ()), *filter(None, seen))


_seen: Unfolded[Passage | None] = Unfolded()


def _passage(
    messages: Sequence[BaseMessage], index: int, facts: Mapping[str, Label], task: Label | None
) -> Passage | None:
    """What the message at that place adds to the session's texts."""
    match messages[index]:
        case AIMessage() as message:
            return Passage(source="model", text=message.text, label=Label(integrity=Integrity.INTERNAL))
        case ToolMessage() as message if _ran(message):
            return _returned(message, facts, _given(messages, index, message.tool_call_id))
        case HumanMessage() as message:
            return _said(message, task)
        case SystemMessage() as message:
            return _operator(message.text)
        case _:
            return None


def _given(messages: Sequence[BaseMessage], index: int, call_id: str) -> str:
    """The arguments of the call whose result stands at that place."""
    for message in reversed(messages[:index]):
        for call in message.tool_calls if isinstance(message, AIMessage) else ():
            if call["id"] == call_id:
                return canonical_json(call["args"])
    return ""


def stated(spec: ToolSpec | None, name: str) -> Label:
    """The label a tool's facts give to what it returns; private data is the user's to read."""
    source = frozenset({f"tool:{name}"})
    if spec is None:
        return Label(integrity=Integrity.UNTRUSTED, readers=OWNER, sources=source)
    return Label(integrity=spec.output, readers=OWNER if spec.private else None, sources=source)


@lru_cache(maxsize=64)
def _operator(text: str) -> Passage:
    return Passage(source="operator", text=text, label=Label(sources=frozenset({"operator"})))


def _said(message: HumanMessage, task: Label | None) -> Passage:
    label, findings = marked(message)
    if task is not None:
        return Passage(
            source="agent",
            text=message.text,
            label=join(label or task, Label(integrity=Integrity.INTERNAL)),
            findings=findings,
        )
    label = join(label or TRUSTED, Label(sources=frozenset({"user"})))
    return Passage(source="user", text=message.text, label=label, findings=findings)


def _ran(message: ToolMessage) -> bool:
    error = message.additional_kwargs.get("error")
    return error is None or error not in set(ErrorKind) or ErrorKind(error).ran


def _returned(message: ToolMessage, facts: Mapping[str, Label], given: str) -> Passage:
    name = message.name or ""
    label, findings = marked(message)
    label = join(label or TRUSTED, facts.get(name) or stated(None, name))
    mark = message.additional_kwargs.get(MARK)
    structured = isinstance(mark, dict) and mark.get("structured") is True
    return Passage(
        source=f"tool:{name}",
        text=message.text,
        label=label,
        findings=findings,
        given=given,
        structured=structured,
    )


def marked(message: BaseMessage) -> tuple[Label | None, tuple[Finding, ...]]:
    """The label and the findings that a message carries. One that cannot be read is untrusted."""
    data = message.additional_kwargs.get(MARK)
    if data is None:
        return None, ()
    try:
        said = data["label"]
        readers = said.get("readers")
        label = Label(
            integrity=Integrity.parse(said["integrity"]),
            readers=None if readers is None else frozenset(map(str, readers)),
            sources=frozenset(map(str, said.get("sources", ()))),
        )
        return label, tuple(Finding(**finding) for finding in data.get("findings", ()))
    except (AttributeError, KeyError, TypeError, ValueError):
        return UNTRUSTED, ()
