"""The two gates of the lock as plain functions, usable without a graph.

`decide` stands above the call, `inspect` below it. Both fail closed: what cannot be judged does not pass.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from langgraph.errors import GraphBubbleUp
from pydantic import ValidationError

from lockgate.decision import Call, Decision, Deny
from lockgate.errors import ConfigError, LockgateError
from lockgate.evidence import Evidence
from lockgate.guardrails.guarding import decided, guarded
from lockgate.guardrails.provenance.passages import stated
from lockgate.guardrails.provenance.witness import examine
from lockgate.guardrails.screens.screen import Screen
from lockgate.guardrails.sections import inspectors, look_through, spoken, traces
from lockgate.labels import UNTRUSTED, Label, join
from lockgate.passage import Inspected, Place
from lockgate.ports import History, Judge
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import EXTERNAL, ToolSpec, explain_invalid
from lockgate.text import clean, cut, unfit

log = logging.getLogger(__name__)


class Gate:
    """Decides on calls to `tools` by `policy` and inspects what they return.

    `tools` is a `ToolRegistry`, any mapping from name to `ToolSpec`, or the specs themselves. `screen` looks at what
    the policy's own inspection let through, such as a second model; `examine` asks it. What a judge that is no `Policy`
    allows, the default guards judge as well, unless it is `Unguarded`.
    """

    def __init__(
        self, policy: Judge, tools: Mapping[str, ToolSpec] | Iterable[ToolSpec], *, screen: Screen | None = None
    ) -> None:
        self.policy = policy
        self._judge = guarded(policy)
        self.screen = screen
        self.sections = spoken(policy)
        self._inspectors = inspectors(self.sections)
        self._traces = traces(policy)
        self.tools = dict(tools) if isinstance(tools, Mapping) else {spec.name: spec for spec in tools}
        if strays := [spec for spec in self.tools.values() if not isinstance(spec, ToolSpec)]:
            raise ConfigError(f"{strays[0]!r} is no ToolSpec.", "Decorate the function with @tool.")
        for spec in self.tools.values():
            if EXTERNAL in spec.tags:
                for section in self.sections:
                    section.screens.admit(spec)

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
        except Exception as error:  # a validator of the tool's own may raise anything, and has then allowed nothing
            log.warning("the arguments of a call to %s could not be validated", call.name, exc_info=error)
            return call, Deny(rule="schema", reason=f"The arguments cannot be read: {type(error).__name__}.")
        call = Call(id=call.id, name=call.name, args=args, edited_by=call.edited_by)
        return call, self._judged(call, spec, history)

    def _judged(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        if history.evidence is not None and history.evidence.failed:
            return Deny(rule="gate", reason=f"The session could not be searched: {history.evidence.failed}.")
        try:
            return decided(self._judge.decide(call, spec, history))
        except Exception as error:  # a judge that fails has not allowed anything
            log.exception("the policy failed on a call to %s", call.name)
            return Deny(rule="gate", reason=f"The policy could not judge the call: {type(error).__name__}.")

    def evidence(self, call: Call, history: History) -> Evidence | None:
        """Where the call's arguments come from among the history's texts.

        None for a call that is denied anyway, and for one of a tool without effect or sensitive argument where no rule
        asks.

        `decide` finds it by itself. This is for those who keep it, in place of the texts, for a later decision.
        """
        spec = self.tools.get(call.name)
        if spec is None or not self.traces(call):
            return None
        try:
            args = spec.validated(call.args)
        except Exception:  # noqa: BLE001 - `rule` says so; a token of privacy's may be no value that the argument takes
            args = call.args
        try:
            return examine(args, spec, history)
        except Exception as error:  # where the search fails, nothing speaks for the call
            log.exception("the evidence about a call to %s could not be found", call.name)
            return Evidence(failed=type(error).__name__)

    def traces(self, call: Call) -> bool:
        """Whether there is `evidence` to be found about the call."""
        spec = self.tools.get(call.name)
        if spec is None or call.error:
            return False
        return bool(spec.effect or spec.sensitive or self._traces) and not unfit(call.args)

    def inspect(self, call: Call, output: ToolResult | object) -> ToolResult:
        """What the model may read of `output`: clean text within the tool's bound, labelled with its source.

        The label is the join of what the result says and what the tool's spec says, so it never gets better.
        """
        spec = self.tools.get(call.name)
        facts = stated(spec, call.name)
        if not isinstance(output, ToolResult):
            output = _as_result(output, facts)
        text, left_out = cut(clean(output.value), spec.max_output if spec else 4_096)
        result = replace(output, value=text, cut=output.cut + left_out, label=join(output.label, facts))
        return _settled(result, self.look(text, Place.RESULT))

    def look(self, text: str, place: Place) -> Inspected:
        """`text` as it may stand in `place` by all packs behind the policy; refused when they cannot look at it."""
        try:
            return look_through(self._inspectors, text, place)
        except Exception as error:  # an inspector that fails has let nothing through
            log.exception("a text could not be inspected (%s)", place)
            return _failed(error)

    def shown(self, value: Any, place: Place) -> Any:
        """A JSON value as it may stand in `place` by the packs' sections on privacy."""
        try:
            for section in self.sections:
                value = section.privacy.redacted(value, place)
        except Exception as error:  # what could not be looked at is not shown
            log.exception("a value could not be inspected (%s)", place)
            return f"[withheld: {_why(error)}]"
        return value

    def _prepared(self, call: Call) -> Call | Deny:
        """The call as it would run, before it is judged: private data taken out, tokens opened."""
        try:
            for section in self.sections:
                ready = section.privacy.prepared(call)
                if isinstance(ready, Deny):
                    return ready
                call = ready
        except Exception as error:  # a call that could not be made ready does not run
            log.exception("the arguments of a call to %s could not be made ready", call.name)
            return Deny(rule="privacy", reason=f"The arguments could not be made ready: {_why(error)}.")
        return call

    async def examine(self, call: Call, output: ToolResult | object) -> ToolResult:
        """`inspect`, and then what the gate's own `screen` says, if there is one."""
        result = self.inspect(call, output)
        if self.screen is None or result.error is ErrorKind.WITHHELD:
            return result
        text = result.held or result.value
        try:
            found = await self.screen(text, Place.RESULT)
            inspected = self.sections[0].screens.settle(text, tuple(found), Place.RESULT)
        except GraphBubbleUp:
            raise
        except Exception as error:  # a screen that fails has let nothing through
            log.exception("the screen failed on a result of %s", call.name)
            inspected = _failed(error)
        if not inspected.findings and not inspected.refused:
            return result
        # What was withheld stays withheld, whatever the second opinion.
        if result.held and not inspected.refused:
            return replace(result, review=result.review and (inspected.review or result.review))
        earlier = () if inspected.held or inspected.refused else result.findings
        return _settled(result, replace(inspected, findings=(*earlier, *inspected.findings)))


def _as_result(output: object, label: Label) -> ToolResult:
    try:
        return ToolResult(success=True, value=str(output), label=label)
    except Exception as error:  # noqa: BLE001 - a value that cannot be read has no text to let through
        return ToolResult.failed(ErrorKind.UNSERIALIZABLE, f"It cannot be read: {type(error).__name__}.", label=label)


def _settled(result: ToolResult, inspected: Inspected) -> ToolResult:
    """The result with what the inspection made of its text. A finding makes it untrusted."""
    label = join(result.label, UNTRUSTED) if inspected.findings or inspected.refused else result.label
    if inspected.refused:
        return replace(
            result,
            success=False,
            value=inspected.refused,
            error=ErrorKind.WITHHELD,
            label=label,
            findings=tuple(replace(one, start=0, end=0) for one in inspected.findings),
        )
    return replace(
        result,
        value=inspected.text,
        label=label,
        findings=inspected.findings,
        held=inspected.held,
        review=inspected.review,
    )


def _failed(error: Exception) -> Inspected:
    return Inspected(text="", refused=f"The text was withheld: it could not be inspected ({_why(error)}).")


def _why(error: Exception) -> str:
    return error.message.rstrip(".") if isinstance(error, LockgateError) else type(error).__name__


def failure(decision: Deny) -> ErrorKind:
    """The kind of error that a denied call ends with."""
    match decision.rule:
        case "schema":
            return ErrorKind.INVALID_ARGUMENTS
        case "unknown-tool":
            return ErrorKind.UNKNOWN_TOOL
        case _:
            return ErrorKind.DENIED
