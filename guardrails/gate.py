"""The two gates of the lock as plain functions, usable without a graph.

`decide` stands above the call, `inspect` below it. Both fail closed: what cannot be judged does not pass.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError

from lockgate.decision import Call, Decision, Deny
from lockgate.errors import ConfigError, LockgateError
from lockgate.evidence import Evidence
from lockgate.guardrails.provenance.passages import stated
from lockgate.guardrails.provenance.witness import examine
from lockgate.labels import join
from lockgate.passage import Inspected, Place
from lockgate.ports import History, Judge
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import ToolSpec, explain_invalid
from lockgate.text import clean, cut, unfit

log = logging.getLogger(__name__)


class Gate:
    """Decides on calls to `tools` by `policy` and inspects what they return.

    `tools` is a `ToolRegistry`, any mapping from name to `ToolSpec`, or the specs themselves.
    """

    def __init__(self, policy: Judge, tools: Mapping[str, ToolSpec] | Iterable[ToolSpec]) -> None:
        self.policy = policy
        self.tools = dict(tools) if isinstance(tools, Mapping) else {spec.name: spec for spec in tools}
        if strays := [spec for spec in self.tools.values() if not isinstance(spec, ToolSpec)]:
            raise ConfigError(f"{strays[0]!r} is no ToolSpec.", "Decorate the function with @tool.")

    def decide(self, call: Call, history: History | None = None) -> Decision:
        """Schema, then policy. The arguments that are judged are the validated ones, defaults included."""
        return self.rule(call, history)[1]

    def rule(self, call: Call, history: History | None = None) -> tuple[Call, Decision]:
        """The decision, with the call as it would run: its arguments validated and normalised."""
        spec = self.tools.get(call.name)
        if call.error:
            return call, Deny(rule="schema", reason=f"The call is malformed: {call.error}")
        if spec is None:
            known = ", ".join(sorted(self.tools)) or "none"
            return call, Deny(rule="unknown-tool", reason=f"There is no tool {call.name[:100]!r}. Tools: {known}.")
        if why := unfit(call.args):
            return call, Deny(rule="schema", reason=f"The call's arguments cannot be read: the data {why}.")
        history = history or History()
        if history.passages and history.evidence is None:
            # Of the arguments as the model wrote them: what privacy put tokens for stands as tokens in the texts too.
            history = replace(history, evidence=self.evidence(call, history))
        ready = self._prepared(call)
        if isinstance(ready, Deny):
            return call, ready
        try:
            args = spec.validated(ready.args)
        except ValidationError as error:
            return call, Deny(rule="schema", reason=explain_invalid(error))
        except (ValueError, RecursionError) as error:
            return call, Deny(rule="schema", reason=f"The arguments cannot be read: {type(error).__name__}.")
        call = Call(id=call.id, name=call.name, args=args, edited_by=call.edited_by)
        try:
            return call, self.policy.decide(call, spec, history)
        except Exception as error:  # a judge that fails has not allowed anything
            log.exception("the policy failed on a call to %s", call.name)
            return call, Deny(rule="gate", reason=f"The policy could not judge the call: {type(error).__name__}.")

    def evidence(self, call: Call, history: History) -> Evidence | None:
        """Where the call's arguments come from among the history's texts; None for a call that is denied anyway.

        `decide` finds it by itself. This is for those who keep it, in place of the texts, for a later decision.
        """
        spec = self.tools.get(call.name)
        if spec is None or call.error or unfit(call.args):
            return None
        try:
            args = spec.validated(call.args)
        except (ValueError, RecursionError):
            args = call.args  # a token of privacy's may be none of the values that the argument takes
        return examine(args, spec, history)

    def inspect(self, call: Call, output: ToolResult | object) -> ToolResult:
        """What the model may read of `output`: clean text within the tool's bound, labelled with its source.

        The label is the join of what the result says and what the tool's spec says, so it never gets better.
        """
        spec = self.tools.get(call.name)
        facts = stated(spec, call.name)
        if not isinstance(output, ToolResult):
            output = ToolResult(success=True, value=str(output), label=facts)
        inspected = self.inspected(clean(output.value), Place.RESULT)
        text, left_out = cut(inspected.text, spec.max_output if spec else 4_096)
        withheld = bool(inspected.refused)
        return ToolResult(
            success=output.success and not withheld,
            value=f"The result is withheld: {inspected.refused}." if withheld else text,
            error=ErrorKind.DENIED if withheld else output.error,
            seconds=output.seconds,
            cut=output.cut + left_out,
            label=join(output.label, facts),
            structured=output.structured,
        )

    def inspected(self, text: str, place: Place) -> Inspected:
        """`text` as it may stand in `place` by the policy; refused when the policy cannot look at it."""
        look = getattr(self.policy, "inspect", None)
        if look is None:
            return Inspected(text=text)
        try:
            return cast("Inspected", look(text, place))
        except Exception as error:  # what could not be looked at does not pass
            log.exception("the policy could not inspect a text (%s)", place)
            return Inspected(text="", refused=_unseen(error))

    def shown(self, value: Any, place: Place) -> Any:
        """A JSON value as it may stand in `place` by the policy's section on privacy."""
        sections = getattr(self.policy, "sections", None)
        if sections is None:
            return value
        try:
            return sections.privacy.redacted(value, place)
        except Exception as error:  # what could not be looked at is not shown
            log.exception("the policy could not inspect a value (%s)", place)
            return f"[withheld: {_unseen(error)}]"

    def _prepared(self, call: Call) -> Call | Deny:
        prepare = getattr(self.policy, "prepared", None)
        if prepare is None:
            return call
        try:
            return cast("Call | Deny", prepare(call))
        except Exception as error:  # a call that could not be made ready does not run
            log.exception("the arguments of a call to %s could not be made ready", call.name)
            return Deny(rule="privacy", reason=f"The arguments could not be made ready: {_unseen(error)}.")


def _unseen(error: Exception) -> str:
    return error.message.rstrip(".") if isinstance(error, LockgateError) else f"it failed with {type(error).__name__}"


def failure(decision: Deny) -> ErrorKind:
    """The kind of error that a denied call ends with."""
    match decision.rule:
        case "schema":
            return ErrorKind.INVALID_ARGUMENTS
        case "unknown-tool":
            return ErrorKind.UNKNOWN_TOOL
        case _:
            return ErrorKind.DENIED
