"""The ways to break a run, and which one a seed stands for."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Point: TypeAlias = Literal["statement", "effect", "node", "save"]
"""Where a blow can fall: at a statement to the database, an effect in a tool, a node, a call of the checkpointer."""
Act: TypeAlias = Literal["kill", "raise", "stop", "cut", "sever", "crash", "fill"]
Pattern: TypeAlias = Literal["react", "orchestrator", "hierarchy", "pipeline", "debate"]
Name: TypeAlias = Literal[
    "timed", "before-statement", "after-statement", "before-effect", "after-effect", "in-resume", "node-error",
    "saver-error", "driver-error", "tool-error", "sigterm", "connections-cut", "severed", "server-crash", "disk-full",
]  # fmt: skip

Then: TypeAlias = Literal["", "undo", "fork"]
"""What follows the run: its effects are undone, or it is forked from before an effect and runs on."""

PATTERNS: tuple[Pattern, ...] = ("react", "orchestrator", "hierarchy", "pipeline", "debate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to break a run. `sides` are those of the point that it may choose from; "" as it comes.

    `alone`: it breaks what other runs use too, so nothing else runs beside it. `lives` is how many processes in a row
    are struck.
    """

    what: str
    act: Act
    point: Point | None
    sides: tuple[str, ...] = ("before", "after")
    lives: tuple[int, int] = (1, 1)
    alone: bool = False


WAYS: dict[Name, Way] = {
    "timed": Way(what="kill -9 after a random time, at whatever instruction", act="kill", point=None, sides=("",)),
    "before-statement": Way(
        what="kill -9 right before a statement goes to the database", act="kill", point="statement", sides=("before",)
    ),
    "after-statement": Way(
        what="kill -9 right after a statement has gone to the database",
        act="kill",
        point="statement",
        sides=("after",),
    ),
    "before-effect": Way(
        what="kill -9 inside a tool, before its effect", act="kill", point="effect", sides=("before",)
    ),
    "after-effect": Way(what="kill -9 inside a tool, after its effect", act="kill", point="effect", sides=("after",)),
    "in-resume": Way(
        what="kill -9 at a statement, and again in the resume, and perhaps in the next",
        act="kill",
        point="statement",
        lives=(2, 3),
    ),
    "node-error": Way(what="an exception before or after a node", act="raise", point="node"),
    "saver-error": Way(what="an exception before or after a call of the checkpointer", act="raise", point="save"),
    "driver-error": Way(what="an exception of the database driver at a statement", act="raise", point="statement"),
    "tool-error": Way(
        # One before the effect would be a tool that failed, which the model is told.
        what="an exception in a tool, after its effect", act="raise", point="effect", sides=("after",)
    ),
    "sigterm": Way(what="SIGTERM at a statement: a stop at the next safe point", act="stop", point="statement"),
    "connections-cut": Way(what="the server ends the runner's connections", act="cut", point="statement"),
    "severed": Way(
        what="the server ends a connection inside a transaction, between the claim of an effect and its audit entry",
        act="sever",
        point="statement",
        sides=("before",),
    ),
    "server-crash": Way(
        what="the database server stops as in a crash and is started again", act="crash", point="statement", alone=True
    ),
    "disk-full": Way(what="the disk of the database is full until the run has died", act="fill", point="statement",
                     sides=("before",), alone=True),
}  # fmt: skip

_TIMES = {
    "timed": 6,
    "before-statement": 5,
    "after-statement": 6,
    "before-effect": 3,
    "after-effect": 3,
    "in-resume": 8,
}
"""How often each way comes in a round of ways; those that are not named come once."""
ROUND: tuple[Name, ...] = tuple(name for name in WAYS for _ in range(_TIMES.get(name, 1)))


SEALED = 0.25
"""Share of the cases in which all that is stored is encrypted."""
LEAVES = 0.25
"""Share of the cases in which no process waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a seed stands for. `at` says for each struck life where in the run the blow falls, from 0 to 1.

    `sealed`: all is encrypted. `leaves`: each process leaves when the run waits for a person, and the next one brings
    the answers.
    """

    seed: int
    pattern: Pattern
    way: Name
    side: str
    at: tuple[float, ...]
    then: Then = ""
    sealed: bool = False
    leaves: bool = False

    @property
    def thread(self) -> str:
        """The thread that the case runs in."""
        return f"{self.pattern}-{self.way}-{self.seed}"


def case_of(seed: int, patterns: Sequence[Pattern] = PATTERNS, ways: Sequence[Name] = ()) -> Case:
    """The case of a seed: patterns by turns, then ways, as often as `ROUND` says; the rest at random.

    With all patterns and ways, `len(PATTERNS) * len(ROUND)` seeds in a row hold each pairing of the two. One
    with fewer of them is another case for the same seed.
    """
    slots = [name for name in ROUND if not ways or name in ways]
    random.Random("ways").shuffle(slots)  # noqa: S311 - so that a few seeds already hold many ways
    chance = random.Random(seed)  # noqa: S311
    name = slots[seed // len(patterns) % len(slots)]
    way = WAYS[name]
    pattern = patterns[seed % len(patterns)]
    # A team that is forked from before its workers asks them anew, so only what one agent does is compared.
    forks: tuple[Then, ...] = ("fork",) if pattern == "react" else ()
    return Case(
        seed=seed,
        pattern=pattern,
        way=name,
        side=chance.choice(way.sides),
        at=tuple(chance.random() for _ in range(chance.randint(*way.lives))),
        then=chance.choice(("", "undo", *forks)),
        sealed=chance.random() < SEALED,
        leaves=chance.random() < LEAVES,
    )
