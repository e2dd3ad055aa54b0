"""`Constraint`: what a rule asks of one argument.

Answers are three-valued. True and False are sure. None means the value cannot be judged: it is of a type the
constraint does not speak of, or NaN, or a text RE2 cannot read. An allow rule needs True from every value; a deny
or review rule matches unless every value says False. So what cannot be judged never gets through.
"""

from collections.abc import Callable
from decimal import Decimal
from math import inf, isfinite
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from lockgate.guardrails.path import MISSING, ODD
from lockgate.guardrails.pattern import Pattern
from lockgate.guardrails.provenance.origin import Origins, OriginTest

Check: TypeAlias = Callable[[Any], bool | None]

# Tuples, because a union written in the call would be built on every call.
_NUMBERS = (int, float, Decimal)
_NO_NUMBERS = (bool, str)
_SIZED = (str, list, tuple, dict)


class Strict(BaseModel):
    """Base of the policy's data: frozen, no unknown fields, nothing coerced, no explicit null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("has no value; give one or leave the field out")
        return value


def _scalar(value: Any) -> Any:
    if isinstance(value, str | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise ValueError(f"must be a text, a finite number, true or false; not {type(value).__name__}")


def _number(value: Any) -> Any:
    if (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value)):
        return value
    raise ValueError(f"must be a finite number, not {type(value).__name__}")


def _count(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("must be a whole number, 0 or more")


def _flag(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


Scalar: TypeAlias = Annotated[str | bool | int | float, BeforeValidator(_scalar)]
Number: TypeAlias = Annotated[int | float, BeforeValidator(_number)]
Count: TypeAlias = Annotated[int, BeforeValidator(_count), Field(json_schema_extra={"minimum": 0})]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
Scalars: TypeAlias = Annotated[tuple[Scalar, ...], Field(min_length=1)]


class Constraint(Strict):
    """What one argument must be. Several fields must hold together.

    Values are compared with their types: true is not 1, "5" is not 5; 5 is 5.0. Null counts as nothing there.
    """

    equals: Scalar | None = Field(default=None, description="The value is this one.")
    not_equals: Scalar | None = Field(default=None, description="The value is any but this one.")
    one_of: Scalars | None = Field(default=None, description="The value is in this list.")
    not_one_of: Scalars | None = Field(default=None, description="The value is not in this list.")
    matches: str | None = Field(default=None, description="RE2 pattern that covers the whole text.")
    search: str | None = Field(default=None, description="RE2 pattern found somewhere in the text.")
    min: Number | None = Field(default=None, description="The number is at least this.")
    max: Number | None = Field(default=None, description="The number is at most this.")
    min_length: Count | None = Field(default=None, description="Characters of a text, items of a list: at least.")
    max_length: Count | None = Field(default=None, description="Characters of a text, items of a list: at most.")
    present: Literal[True] | None = Field(default=None, description="Something is there, and it is not null.")
    absent: Literal[True] | None = Field(default=None, description="Nothing is there, or null.")
    from_: Origins | None = Field(
        default=None, alias="from", description="The value, and each in it, comes from one of these sources."
    )
    not_from: Origins | None = Field(default=None, description="The value comes from none of these sources.")

    @field_validator("matches", "search")
    @classmethod
    def _runs(cls, text: str) -> str:
        Pattern(text, whole=True)
        return text

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        given = self.model_fields_set
        if not given:
            raise ValueError("asks nothing; give at least one constraint, such as present: true")
        if self.absent and len(given) > 1:
            raise ValueError("an absent value has no other constraints; give absent: true alone")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; no value can be both, so swap them")
        if self.min_length is not None and self.max_length is not None and self.min_length > self.max_length:
            raise ValueError(
                f"min_length {self.min_length} is above max_length {self.max_length}; no value can be both"
            )
        named = ([] if self.equals is None else [self.equals]) or self.one_of
        check = self.compile()
        if named and not any(check(value) for value in named):
            raise ValueError("its parts contradict each other, so that no value can satisfy them all; remove one")
        return self

    def compile(self) -> Check:
        """One function from a value to True, False or None (cannot be judged)."""
        parts = [build(getattr(self, name)) for name, build in _BUILD.items() if getattr(self, name) is not None]
        if self.min is not None or self.max is not None:
            parts.append(_between(self.min, self.max))
        return parts[0] if len(parts) == 1 else _all(parts)

    def origin(self, path: str) -> OriginTest | None:
        """What it asks of where the value at `path` comes from; None when it asks nothing."""
        if self.from_ is None and self.not_from is None:
            return None
        return OriginTest(path, self.from_, self.not_from)

    def __str__(self) -> str:
        return ", ".join(f"{name.rstrip('_')} {value!r}" for name, value in self if value is not None)


def _all(parts: list[Check]) -> Check:
    def check(value: Any) -> bool | None:
        verdict: bool | None = True
        for part in parts:
            answer = part(value)
            if answer is False:
                return False
            if answer is None:
                verdict = None
        return verdict

    return check


def same(value: Any, expected: Any) -> bool | None:
    """Equal in type and value; None when `value` is no scalar or NaN."""
    if value is None or value is MISSING:
        return False
    if isinstance(value, str):
        return isinstance(expected, str) and value == expected
    if isinstance(value, bool):
        return isinstance(expected, bool) and value is expected
    if not isinstance(value, _NUMBERS) or _nan(value):
        return None
    return not isinstance(expected, _NO_NUMBERS) and bool(value == _alike(expected, value))


def _nan(value: float | Decimal) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else value != value  # noqa: PLR0124 - that is what NaN is


def _alike(bound: float, value: float | Decimal) -> float | Decimal:
    # A bound written 19.99 means 19.99, not the nearest binary fraction, when money comes as Decimal.
    return Decimal(repr(bound)) if isinstance(value, Decimal) and isinstance(bound, float) else bound


def _one_of(expected: tuple[Any, ...]) -> Check:
    texts = frozenset(item for item in expected if isinstance(item, str))
    others = tuple(item for item in expected if not isinstance(item, str))

    def check(value: Any) -> bool | None:
        if isinstance(value, str):
            return value in texts
        answers = [same(value, item) for item in others or expected]
        return True if True in answers else None if None in answers else False

    return check


def _not(part: Check) -> Check:
    def check(value: Any) -> bool | None:
        # Nothing there: neither sure to differ (allow) nor sure not to (deny).
        if value is None or value is MISSING:
            return None
        answer = part(value)
        return None if answer is None else not answer

    return check


def _text(pattern: Pattern) -> Check:
    def check(value: Any) -> bool | None:
        if isinstance(value, str):
            return pattern(value)
        return False if value is None or value is MISSING else None

    return check


def _between(low: float | None, high: float | None) -> Check:
    least, most = -inf if low is None else low, inf if high is None else high
    written_least, written_most = Decimal(repr(least)), Decimal(repr(most))

    def check(value: Any) -> bool | None:
        kind = type(value)
        if kind is int or (kind is float and value == value):  # noqa: PLR0124 - NaN is unequal to itself
            return bool(least <= value <= most)
        if value is None or value is MISSING:
            return False
        if not isinstance(value, _NUMBERS) or kind is bool or _nan(value):
            return None
        return written_least <= value <= written_most if isinstance(value, Decimal) else least <= value <= most

    return check


def _length(holds: Callable[[int], bool]) -> Check:
    def check(value: Any) -> bool | None:
        if isinstance(value, _SIZED):
            return holds(len(value))
        return False if value is None or value is MISSING else None

    return check


def _absent(value: Any) -> bool | None:
    return None if value is ODD else value is None or value is MISSING


def _present(value: Any) -> bool | None:
    nothing = _absent(value)
    return None if nothing is None else not nothing


_BUILD: dict[str, Callable[[Any], Check]] = {
    "equals": lambda expected: lambda value: same(value, expected),
    "not_equals": lambda expected: _not(lambda value: same(value, expected)),
    "one_of": _one_of,
    "not_one_of": lambda expected: _not(_one_of(expected)),
    "matches": lambda text: _text(Pattern(text, whole=True)),
    "search": lambda text: _text(Pattern(text, whole=False)),
    "min_length": lambda bound: _length(lambda size: size >= bound),
    "max_length": lambda bound: _length(lambda size: size <= bound),
    "present": lambda _: _present,
    "absent": lambda _: _absent,
}
