"""The two gates of the lock as plain functions, usable without a graph.

`decide` stands above the call, `inspect` below it. Both fail closed: what cannot be judged does not pass.
"""

import logging
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from lockgate.decision import Call, Decision, Deny
from lockgate.errors import ConfigError
from lockgate.evidence import Evidence
from lockgate.guardrails.provenance.passages import stated
from lockgate.guardrails.provenance.witness import examine
from lockgate.labels import join
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
        try:
            args = spec.validated(call.args)
        except ValidationError as error:
            return call, Deny(rule="schema", reason=explain_invalid(error))
        except (ValueError, RecursionError) as error:
            return call, Deny(rule="schema", reason=f"The arguments cannot be read: {type(error).__name__}.")
        call = Call(id=call.id, name=call.name, args=args, edited_by=call.edited_by)
        try:
            return call, self.policy.decide(call, spec, history or History())
        except Exception as error:  # a judge that fails has not allowed anything
            log.exception("the policy failed on a call to %s", call.name)
            return call, Deny(rule="gate", reason=f"The policy could not judge the call: {type(error).__name__}.")

    def evidence(self, call: Call, history: History) -> Evidence | None:
        """Where the call's arguments come from among the history's texts; None when they cannot be validated.

        `decide` finds it by itself. This is for those who keep it, in place of the texts, for a later decision.
        """
        spec = self.tools.get(call.name)
        if spec is None or call.error or unfit(call.args):
            return None
        try:
            return examine(spec.validated(call.args), spec, history)
        except (ValueError, RecursionError):
            return None

    def inspect(self, call: Call, output: ToolResult | object) -> ToolResult:
        """What the model may read of `output`: clean text within the tool's bound, labelled with its source.

        The label is the join of what the result says and what the tool's spec says, so it never gets better.
        """
        spec = self.tools.get(call.name)
        facts = stated(spec, call.name)
        if not isinstance(output, ToolResult):
            output = ToolResult(success=True, value=str(output), label=facts)
        text, left_out = cut(clean(output.value), spec.max_output if spec else 4_096)
        return ToolResult(
            success=output.success,
            value=text,
            error=output.error,
            seconds=output.seconds,
            cut=output.cut + left_out,
            label=join(output.label, facts),
            structured=output.structured,
        )


def failure(decision: Deny) -> ErrorKind:
    """The kind of error that a denied call ends with."""
    match decision.rule:
        case "schema":
            return ErrorKind.INVALID_ARGUMENTS
        case "unknown-tool":
            return ErrorKind.UNKNOWN_TOOL
        case _:
            return ErrorKind.DENIED
