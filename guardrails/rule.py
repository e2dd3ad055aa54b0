"""`Rule`: one line of a policy. Which calls it speaks of, under which conditions, and what it answers."""

from dataclasses import replace
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator

from lockgate.decision import DEFAULT_RULE, Allow, Decision, Deny, Review
from lockgate.errors import PolicyError
from lockgate.guardrails.constraint import Constraint, Flag, Strict
from lockgate.guardrails.path import ArgumentPath
from lockgate.guardrails.wording import field_text, first_problem
from lockgate.labels import Integrity
from lockgate.spec import Risk


def _whole(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number")


def _seconds(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MAX_SECONDS:
        return value
    raise ValueError("must be a number of seconds above 0 (and below 1e9)")


MAX_SECONDS = 1e9
"""Some thirty years; a date further away is none that everything between here and a database can hold."""


def _path(text: str) -> str:
    ArgumentPath(text)
    return text


def _sorted(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _one_line(text: str) -> str:
    if text.isprintable() and text.strip():
        return text
    raise ValueError("must be one line of characters that can be seen")


Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Names: TypeAlias = Annotated[tuple[Name, ...], Field(min_length=1), AfterValidator(_sorted)]
Identifier: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
Path: TypeAlias = Annotated[str, AfterValidator(_path)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(_seconds)]


class TrustBound(Strict):
    """How suspicious the session may be: trusted < internal < untrusted."""

    at_most: Literal["trusted", "internal", "untrusted"] | None = None
    at_least: Literal["trusted", "internal", "untrusted"] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_bounds(self.range())
        return self

    def range(self) -> tuple[int | None, int | None]:
        """(least, most) as numbers of `Integrity`."""
        return (
            None if self.at_least is None else int(Integrity.parse(self.at_least)),
            None if self.at_most is None else int(Integrity.parse(self.at_most)),
        )


class RiskBound(Strict):
    """How risky the tool may be: low < medium < high < critical."""

    at_most: Literal["low", "medium", "high", "critical"] | None = None
    at_least: Literal["low", "medium", "high", "critical"] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_bounds(self.range())
        return self

    def range(self) -> tuple[int | None, int | None]:
        """(least, most) as numbers of `Risk`."""
        return (
            None if self.at_least is None else int(Risk.parse(self.at_least)),
            None if self.at_most is None else int(Risk.parse(self.at_most)),
        )


def _check_bounds(bounds: tuple[int | None, int | None]) -> None:
    least, most = bounds
    if least is None and most is None:
        raise ValueError("give at_most, at_least or both")
    if least is not None and most is not None and least > most:
        raise ValueError("at_least is above at_most, so that nothing can be both; swap them, or remove one")


class Conditions(Strict):
    """What must hold besides the arguments. Several conditions must hold together."""

    agent: Names | None = Field(default=None, description="Names of agents; * and ? stand for other characters.")
    role: Names | None = Field(default=None, description="The caller has at least one of these roles.")
    user: Names | None = Field(default=None, description="The caller is one of these users.")
    tenant: Names | None = Field(default=None, description="The caller belongs to one of these tenants.")
    trust: TrustBound | None = Field(default=None, description="Integrity of what the session has seen so far.")
    risk: RiskBound | None = Field(default=None, description="The risk the tool states.")
    effect: Flag | None = Field(default=None, description="Whether the tool changes something outside the run.")
    reversible: Flag | None = Field(default=None, description="Whether the tool's effect can be undone.")

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("asks nothing; give a condition or leave the field out")
        return self


class Rule(Strict):
    """One rule. Rules are tried by `priority`, lower first, ties in the order written; the first match decides.

    For `allow` every value an argument's path reaches must satisfy its constraint, and there must be one. For `deny`
    and `review` one value that satisfies it, or that cannot be judged, is enough.
    """

    id: Identifier = Field(description="Names the rule in decisions; unique in a policy.")
    description: str = Field(default="", description="For people.")
    priority: Whole = Field(default=100, description="Lower is tried first.")
    tools: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="Names of tools; * stands for any characters, ? for one."
    )
    args: dict[Path, Constraint] = Field(default={}, description="Constraints by path, such as items[*].amount.")
    when: Conditions | None = Field(default=None, description="Conditions besides the arguments.")
    action: Literal["allow", "deny", "review"] = Field(description="What the rule answers.")
    reason: str = Field(default="", description="Told to the model (deny), to the reviewer (review), to the audit.")
    approvers: Names | None = Field(default=None, description="For review: roles that may answer. Left out: anyone.")
    expires_after: Seconds | None = Field(default=None, description="For review: seconds, 86400 when left out.")
    blocking: Flag | None = Field(
        default=None, description="For review: whether what the run has not started yet waits too; false when left out."
    )

    def __init__(self, **data: Any) -> None:
        """Raises PolicyError, which names the rule and the field."""
        try:
            super().__init__(**data)
        except ValidationError as error:
            problem = first_problem(error, type(self))
            where = f"rule {str(data.get('id', '?'))[:200]!r}"
            if problem.loc:
                where += f", field {field_text(problem.loc)!r}"
            raise PolicyError(problem.message, problem.hint, where) from error

    @field_validator("id")
    @classmethod
    def _not_reserved(cls, text: str) -> str:
        if text == DEFAULT_RULE:
            raise ValueError(f"{DEFAULT_RULE!r} is the name of the decision that no rule made; take another")
        return text

    @model_validator(mode="after")
    def _fits_action(self) -> Self:
        for name in ("approvers", "expires_after", "blocking"):
            if self.action != "review" and getattr(self, name) is not None:
                told = f"{name} belongs to rules whose action is review, and this one's is {self.action}"
                raise ValueError(f"{told}; remove it, or make the action review")
        return self

    def decision(self) -> Decision:
        """What this rule answers whenever it matches."""
        reason = self.reason or self.description or f"Rule {self.id!r} says so."
        if self.action == "allow":
            return Allow(rule=self.id, reason=reason)
        if self.action == "deny":
            return Deny(rule=self.id, reason=reason)
        approvers = frozenset(self.approvers or ())
        review = Review(rule=self.id, reason=reason, approvers=approvers, blocking=self.blocking is True)
        return review if self.expires_after is None else replace(review, expires_after=float(self.expires_after))
