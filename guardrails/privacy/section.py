"""The section `privacy:` of a pack: what is done about each kind of private data in each place."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from lockgate.decision import Call, Decision, Deny
from lockgate.errors import UnknownNameError
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.rewrite import NAMED_SECRET, Rewriter
from lockgate.guardrails.privacy.scan import KINDS
from lockgate.guardrails.privacy.vault import TOKEN, current_thread, vault
from lockgate.passage import Inspected, Place
from lockgate.ports import History
from lockgate.spec import ToolSpec

RULE = "privacy"
"""Rule name of a denial that this section makes."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    **{kind.name: kind.groups for kind in KINDS},
    NAMED_SECRET: ("secret",),
}
"""Kinds with the groups they belong to, the narrowest first."""

_GUARDED = {"secret": Action.REDACT, "high_entropy": Action.ALLOW}
_KEPT = {"secret": Action.REDACT, "personal": Action.MASK, "machine": Action.MASK}
DEFAULTS: Mapping[Place, Mapping[str, Action]] = {
    Place.INPUT: _GUARDED,
    Place.ARGUMENTS: {"secret": Action.BLOCK, "high_entropy": Action.ALLOW},
    Place.RESULT: _GUARDED,
    Place.OUTPUT: _GUARDED,
    Place.MEMORY: {"secret": Action.REDACT},
    Place.TRACE: _KEPT,
    Place.AUDIT: _KEPT,
}
"""Secrets never reach a model, a log or a person by way of the agent. Agents need personal data, logs do not."""


def _known(actions: dict[str, Action]) -> dict[str, Action]:
    names = {*GROUPS, *(group for groups in GROUPS.values() for group in groups)}
    if strange := next((name for name in actions if name not in names), None):
        error = UnknownNameError.of("kind of private data", strange, names)
        raise ValueError(str(error).rstrip("."))
    return actions


Actions = Annotated[dict[str, Action], AfterValidator(_known)]


class Privacy(Strict):
    """What is done about private data: for each place, actions by kind or group. What is not named has its default."""

    input: Actions = Field(default={}, description="What the user writes.")
    arguments: Actions = Field(default={}, description="Of tool calls, before they are judged.")
    result: Actions = Field(default={}, description="What tools return, before a model reads it.")
    output: Actions = Field(default={}, description="The answer, and what a reviewer is shown.")
    memory: Actions = Field(default={}, description="What is remembered.")
    trace: Actions = Field(default={}, description="Spans, events and logs.")
    audit: Actions = Field(default={}, description="The audit log.")
    detokenise: dict[str, tuple[str, ...]] = Field(
        default={},
        description="By tool, the arguments in which a token gives way to its value before the call is judged.",
    )

    def actions(self, place: Place) -> dict[str, Action]:
        """The action for each kind: its own, else that of its narrowest group that has one."""
        said = {**DEFAULTS[place], **getattr(self, place.value)}
        return {
            kind: next((said[name] for name in (kind, *groups) if name in said), Action.ALLOW)
            for kind, groups in GROUPS.items()
        }

    @cached_property
    def rewriters(self) -> dict[Place, Rewriter]:
        """What takes private data out, by place."""
        return {place: Rewriter(self.actions(place)) for place in Place}

    def inspect(self, text: str, place: Place) -> Inspected:
        """`text` as it may go on. Raises ConfigError when an action needs the privacy key and there is none."""
        text, findings, blocked = self.rewriters[place].text(text)
        why = f"it holds private data ({', '.join(blocked)}) that the policy blocks here" if blocked else ""
        return Inspected(text=text, findings=findings, refused=why)

    def redacted(self, value: Any, place: Place = Place.AUDIT) -> Any:
        """A text or JSON value as it may stand in `place`. Raises ConfigError as `inspect` does."""
        return self.rewriters[place].json(value)

    def guard(self) -> Callable[[Call, ToolSpec, History], Decision | None] | None:
        """Denies a call with a blocked kind in its arguments; None when nothing is blocked."""
        if Action.BLOCK not in self.actions(Place.ARGUMENTS).values():
            return None
        detokenised = self.detokenise

        def judge(call: Call, _spec: ToolSpec, _history: History) -> Decision | None:
            free, blocked = detokenised.get(call.name, ()), self.rewriters[Place.ARGUMENTS].blocked
            for name, value in call.args.items():
                if name not in free and (found := blocked(value)):
                    return Deny(rule=RULE, reason=f"The argument {name!r} holds private data: {', '.join(found)}.")
            return None

        return judge

    def prepared(self, call: Call) -> Call | Deny:
        """The call as it would run: tokens opened where `detokenise` says so, private data taken out elsewhere.

        A token that was not made in this thread is denied where it would have been opened.
        """
        opened = self.detokenise.get(call.name, ())
        changes = self._changes_arguments
        if not opened and not changes:
            return call
        args = dict(call.args)
        for name, value in call.args.items():
            if name in opened:
                args[name], forged = _open(value)
                if forged:
                    return Deny(rule=RULE, reason=f"The argument {name!r} holds a token that is none of this thread's.")
            elif changes:
                args[name] = self.rewriters[Place.ARGUMENTS].json(value)
        return Call(id=call.id, name=call.name, args=args, error=call.error, edited_by=call.edited_by)

    @cached_property
    def _changes_arguments(self) -> bool:
        return not {Action.ALLOW, Action.BLOCK}.issuperset(self.actions(Place.ARGUMENTS).values())


def _open(value: Any) -> tuple[Any, bool]:
    """A JSON value with every token in it opened, and whether one could not be."""
    forged = False

    def real(match: Any) -> str:
        nonlocal forged
        found = vault().value(match, thread)
        forged |= found is None
        return found or ""

    def walk(item: Any) -> Any:
        if isinstance(item, str):
            return TOKEN.sub(real, item)
        if isinstance(item, dict):
            return {key: walk(inner) for key, inner in item.items()}
        return [walk(inner) for inner in item] if isinstance(item, (list, tuple)) else item

    thread = current_thread()
    return walk(value), forged
