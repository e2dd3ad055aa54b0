"""`explained`: every rule and guard that was tried on a call, and what each said."""

from lockgate.decision import Call, verb
from lockgate.guardrails.policy import Considered, Policy
from lockgate.guardrails.sections import Guard
from lockgate.ports import History
from lockgate.spec import ToolSpec


def explained(policy: Policy, call: Call, spec: ToolSpec, history: History) -> list[Considered]:
    """The rules up to the one that matches, then the guards of the pack's sections; the strictest answer stands.

    Guards are asked also when a rule denied, though the decision does not wait for them then.
    """
    return [
        *policy.explain(call, spec, history),
        *(_asked(guard, call, spec, history) for guard in policy.sections.guards()),
    ]


def _asked(guard: Guard, call: Call, spec: ToolSpec, history: History) -> Considered:
    try:
        said = guard(call, spec, history)
    except Exception as error:  # noqa: BLE001 - in a decision it denies
        why = f"It failed ({type(error).__name__}), which denies."
        return Considered(rule=_name(guard), action="deny", matched=True, why=why)
    if said is None:
        return Considered(rule=_name(guard), action="guard", matched=False, why="it has nothing to say")
    return Considered(rule=said.rule, action=verb(said), matched=True, why=said.reason)


def _name(guard: Guard) -> str:
    named = getattr(guard, "__qualname__", type(guard).__qualname__)
    return str(named).partition(".<locals>")[0]
