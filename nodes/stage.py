"""A pipeline's stage: one attempt at one item, checked before it may go on."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeAlias, TypedDict

from langgraph.channels import EphemeralValue
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END
from langgraph.pregel import Pregel
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from lockgate.deadline import Deadline, overdue
from lockgate.errors import HALTING, ConfigError, LockgateError
from lockgate.events import EVENTS, Event
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.handoff import AgentResult, Budget, Status, Usage
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import TRUSTED, Label, join
from lockgate.nodes.answering import MAX_FAULTS, typed
from lockgate.nodes.node import Goto, Node, Update, file_begun
from lockgate.state import add_usage, join_trust
from lockgate.text import clean, cut, unfit
from lockgate.tools.process import TimedOutError
from lockgate.tools.worker import OverloadedError

log = logging.getLogger(__name__)

Check: TypeAlias = Callable[[Any], Iterable[str] | str | None]
"""A deterministic validator of a stage's output: what is wrong with it, nothing when it is right.

A ValueError it raises is a fault too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a stage has to go by. `value` is typed; `faults` and `previous` are of its last attempt at this item."""

    item_id: str
    stage: str
    value: Any
    number: int = 1
    faults: list[str] = field(default_factory=list)
    previous: Any = None
    trust: Label = TRUSTED
    run_id: str = ""
    budget: Budget | None = None
    """What the item may still use."""

    @property
    def task_id(self) -> str:
        """Names the item at this stage in the record."""
        return f"{cut(self.item_id, 120)[0]}/{self.stage}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What an attempt made: an `output` still to be checked, `faults` that leave none, or an `error` for good."""

    output: Any = None
    faults: list[str] = field(default_factory=list)
    error: str = ""
    usage: Usage = field(default_factory=Usage)
    trust: Label = TRUSTED
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step that every item takes. `attempts` counts the first one; each further one sees what was wrong.

    `graphs` are those that its work calls, by name. An attempt at it may take a while then, so its start is filed at
    once.
    """

    name: str
    takes: Any
    gives: Any
    work: Callable[[Attempt], Awaitable[Made]]
    checks: tuple[Check, ...] = ()
    attempts: int = 1
    graphs: Mapping[str, Pregel[Any, Any, Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or len(self.name) > 60:  # noqa: PLR2004 - it stands in ids of 200
            raise ConfigError(f"{self.name[:80]!r} cannot name a stage.", "Use letters, digits and underscores.")
        if self.name == "stage":
            # The proof takes a node of that role from this module for one of Lockgate's own and looks no further.
            raise ConfigError("A stage cannot be called 'stage'.", "Say what it does.")
        if self.attempts < 1:
            raise ConfigError(f"Stage {self.name!r} has {self.attempts} attempts.", "Give it one or more.")


class ItemState(TypedDict, total=False):
    """One item on its way. `value` is the JSON that the next stage takes."""

    item: Item
    run_id: str
    deadline: Deadline | None
    budget: Budget | None
    value: Any
    attempt: int
    faults: list[str]
    previous: Any
    usage: Annotated[Usage, add_usage]
    trust: Annotated[Label, join_trust]
    ended: Ended
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]


def stage(made_of: Stage, *, after: str, then: str, budgets: Sequence[BudgetSection] = (), agent: str = "") -> Node:
    """The node of a stage. Goes on to `then`, back to itself while faults and attempts are left, or to the end.

    `after` names the stage before it; its agents and tools stand under `budgets`. An exception, a hang and a refusal
    end the item at once: only an output that was wrong is tried again, because nobody knows what an attempt that broke
    off has done.
    """
    takes, gives = TypeAdapter(made_of.takes), TypeAdapter(made_of.gives)

    async def body(state: ItemState) -> tuple[Update, Goto]:
        started, number = time.time(), state.get("attempt", 0) + 1
        item, budget = state["item"], state.get("budget")
        value, unfitting = typed(takes, state["value"])
        attempt = Attempt(
            item_id=item.id,
            stage=made_of.name,
            value=value,
            number=number,
            faults=state.get("faults", []),
            previous=state.get("previous"),
            trust=state.get("trust", TRUSTED),
            run_id=state.get("run_id", ""),
            budget=budget and budget.left(state.get("usage", Usage())),
        )
        begun = [_event(attempt, after, started, Status.RUNNING)] if made_of.graphs else []
        if begun:
            await file_begun(begun)
        made = Made(error=f"Not an input of this stage: {'; '.join(unfitting)}") if unfitting else None
        if late := overdue():
            made = Made(error=f"Not begun: {late}.")
        made = made or await _attempted(made_of, attempt)
        output, faults = None, made.faults
        if not made.error and not faults:
            output, faults, broken = _checked(made_of, gives, made.output)
            made = replace(made, error=broken)
        trust = join(attempt.trust, made.trust)
        update: Update = {"usage": made.usage, "trust": made.trust}
        goto: Goto = END
        if made.error or (faults and number >= made_of.attempts):
            status, faults = Status.FAILED, [made.error] if made.error else faults
            dead = DeadLetter(
                item_id=item.id,
                index=item.index,
                stage=made_of.name,
                value=state["value"],
                errors=faults,
                attempts=0 if unfitting else number,
            )
            update["ended"] = _ended(item, state, made, trust, dead=dead)
        elif faults:
            status, goto = Status.RUNNING, made_of.name
            update |= {"attempt": number, "faults": faults, "previous": _kept(made.output)}
        else:
            status, goto = Status.COMPLETED, then
            update |= {"value": output, "attempt": 0, "faults": [], "previous": None}
            if then == END:
                update["ended"] = _ended(item, state, made, trust, output=output)
        ended = _event(attempt, after, started, status, faults=len(faults))
        return {**update, EVENTS: [*begun, *made.events, ended]}, goto

    return Node(made_of.name, body, agent=agent, graphs=made_of.graphs, budgets=budgets)


def _event(attempt: Attempt, after: str, started: float, status: Status, *, faults: int = 0) -> Event:
    return Event(
        kind="task",
        node=attempt.stage,
        agent=attempt.stage,
        name=attempt.task_id,
        started=started,
        ended=started if status is Status.RUNNING and not faults else time.time(),
        status=status.value,
        run_id=attempt.run_id,
        detail={
            "type": attempt.stage,
            "depends_on": [f"{cut(attempt.item_id, 120)[0]}/{after}"] if after else [],
            "parent": attempt.item_id,
            "attempt": attempt.number,
            "faults": faults,
        },
    )


async def _attempted(made_of: Stage, attempt: Attempt) -> Made:
    try:
        return await made_of.work(attempt)
    except (GraphBubbleUp, *HALTING):
        raise
    except TimedOutError:
        return Made(error="It gave no answer in time and was abandoned.")
    except OverloadedError:
        return Made(error="Not started: too many earlier calls still hang.")
    except LockgateError as error:
        return Made(error=clean(str(error))[:1_000])
    except Exception as error:  # one item's failure never stops another
        # A dead letter is read by an operator and shown to no model, so the cause may be told.
        if not isinstance(error, ValueError):  # a function's way to say no
            log.warning("stage %s failed on item %r", made_of.name, attempt.item_id, exc_info=error)
        return Made(error=cut(clean(f"{type(error).__name__}: {error}"), 1_000)[0])


def _checked(made_of: Stage, gives: TypeAdapter[Any], raw: Any) -> tuple[Any, list[str], str]:
    """The output as JSON, what is wrong with it, and which check broke, if one did: then no attempt can mend it."""
    value, faults = typed(gives, raw)
    if faults:
        return None, faults, ""
    for check in made_of.checks:
        try:
            found = check(value)
            faults += [found] if isinstance(found, str) and found else [str(fault) for fault in found or ()]
        except ValueError as error:
            faults.append(str(error) or "refused")
        except (GraphBubbleUp, *HALTING):
            raise
        except Exception as error:  # one item's failure never stops another
            name = getattr(check, "__name__", "check")
            log.warning("check %s of stage %s failed", name, made_of.name, exc_info=error)
            why = cut(clean(f"The check {name} failed: {type(error).__name__}: {error}"), 1_000)[0]
            return None, [], why
    if faults:
        return None, [clean(fault)[:300] for fault in faults[:MAX_FAULTS]], ""
    try:
        data = gives.dump_python(value, mode="json", warnings=False)
    except (PydanticSerializationError, RecursionError, ValueError) as error:
        return None, [clean(f"The output cannot be written as JSON: {error}")[:300]], ""
    return (None, [f"The output {why}."], "") if (why := unfit(data)) else (data, [], "")


def _kept(raw: Any) -> Any:
    """The refused output as it may stand in the state, for the next attempt to look at."""
    try:
        data = TypeAdapter(Any).dump_python(raw, mode="json", warnings=False)
    except (PydanticSerializationError, RecursionError, ValueError):
        data = None
    return None if unfit(data) else data


def _ended(
    item: Item, state: ItemState, made: Made, trust: Label, *, output: Any = None, dead: DeadLetter | None = None
) -> Ended:
    result = AgentResult(
        task_id=item.id,
        status=Status.FAILED if dead else Status.COMPLETED,
        output=output,
        error=f"{dead.stage}: {'; '.join(dead.errors)}" if dead else None,
        usage=state.get("usage", Usage()) + made.usage,
        trust=trust,
    )
    return Ended(index=item.index, at=time.time(), result=result, dead=dead)
