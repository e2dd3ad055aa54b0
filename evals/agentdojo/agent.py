"""The scripted agent: it plays the user's task, until it reads an attacker's order and obeys that."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall

from lockgate.decision import Allow, Call, Decision, Deny, Review, verb
from lockgate.evals.agentdojo.attacker import Calls
from lockgate.evals.agentdojo.dojo import Dojo
from lockgate.evals.agentdojo.guard import Guard
from lockgate.evals.agentdojo.payload import Order
from lockgate.evals.agentdojo.world import World
from lockgate.guardrails import Gate
from lockgate.guardrails.provenance import passages
from lockgate.labels import join_all
from lockgate.nodes.result_guard import tool_message
from lockgate.ports import History
from lockgate.spec import ToolSpec
from lockgate.tools.execute import execute

Said: TypeAlias = Literal["allow", "deny", "review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack: the injection task, and the order that was planted for it."""

    task: Any
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call that the agent proposed, and what the guard said to it. `intruding`: it is the attacker's."""

    tool: str
    args: Mapping[str, Any]
    intruding: bool
    said: Said
    rule: str
    reason: str


class Script:
    """What the agent does next. It follows the user's task call by call.

    Once it has read the order of `attack` it is fully compromised: it makes the attacker's calls right then, and goes
    on with the user's task after them. `intruding` tells whether the call it made last is the attacker's.
    """

    def __init__(self, dojo: Dojo, user_task: Any, world: World, attack: Attack | None = None) -> None:
        self._dojo, self._world, self._attack = dojo, world, attack
        self._own: Calls = iter([(call.function, dict(call.args)) for call in user_task.ground_truth(world.now)])
        self._ordered: Calls = iter(())
        self.answer: str = user_task.GROUND_TRUTH_OUTPUT
        self.compromised = False
        self.intruding = False

    def next(self, read: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
        """The next call, having read the results `read` since the last one; None at the end."""
        attack = self._attack
        if attack is not None and not self.compromised and any(map(attack.order.read_in, read)):
            self.compromised = True
            self._ordered = self._dojo.attacker_calls(attack.task, self._world.before, self._world.now)
        self.intruding = True
        if (call := next(self._ordered, None)) is not None:
            return call
        self.intruding = False
        return next(self._own, None)


async def play(guard: Guard, world: World, script: Script, prompt: str) -> list[Step]:
    """Plays `script` through the two gates as the lock does. A reviewer approves the user's calls and no others."""
    gate = Gate(guard.policy, world.tools(guard.facts))
    messages: list[BaseMessage] = [HumanMessage(prompt)]
    steps: list[Step] = []
    read: list[str] = []
    while (wanted := script.next(read)) is not None:
        name, args = wanted
        proposed = Call(id=f"call-{len(steps)}", name=name, args=copy.deepcopy(args))
        call, decision = gate.rule(proposed, history(messages, gate.tools))
        steps.append(step(proposed, decision, intruding=script.intruding))
        read = []
        if _runs(decision, approved=not script.intruding):
            messages.append(AIMessage("", tool_calls=[ToolCall(name=name, args=args, id=call.id, type="tool_call")]))
            result = gate.inspect(call, await execute(gate.tools[call.name], call))
            messages.append(tool_message(call, result, gate))
            read = [messages[-1].text]
    return steps


def history(messages: Sequence[BaseMessage], tools: Mapping[str, ToolSpec]) -> History:
    """What the guard may know of the session: its texts with their labels, and the join of these."""
    seen = passages(messages, tools)
    return History(trust=join_all(passage.label for passage in seen), passages=seen)


def step(call: Call, decision: Decision, *, intruding: bool) -> Step:
    """The record of one decision."""
    said: Any = verb(decision)
    return Step(
        tool=call.name, args=call.args, intruding=intruding, said=said, rule=decision.rule, reason=decision.reason
    )


def _runs(decision: Decision, *, approved: bool) -> bool:
    match decision:
        case Allow():
            return True
        case Review():
            return approved
        case Deny():
            return False
