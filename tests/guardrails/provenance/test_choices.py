"""What the user leaves to be chosen: any of what a system of one's own lists, but for what an outsider speaks of."""

import base64
import json

import pytest

from lockgate import Gate, Policy, tool
from lockgate.decision import Allow, Call, Review
from lockgate.labels import Label
from lockgate.ports import History
from lockgate.result import ToolResult

from .session import ALLOW

INNS = [{"inn": "Mole Inn", "stars": 3}, {"inn": "Gull House", "stars": 5}]


@tool(effect=False, output="trusted")
def our_inns(town: str) -> str:
    """Inns that we work with."""
    return town


@tool(effect=False, output="internal")
def inns_of(town: str) -> str:
    """Inns of a town."""
    return town


@tool(effect=False)
def opinions(inn: str) -> str:
    """What guests say."""
    return inn


@tool(sensitive={"inn"}, reversible=True, risk="low")
def reserve(inn: str) -> str:
    """Reserve a room."""
    return inn


GATE = Gate(Policy.parse(ALLOW), [our_inns, inns_of, opinions, reserve])
BEST = "Reserve the best inn in Ulm."
QUIET = "5 stars, quiet rooms."


@pytest.mark.parametrize("listed", ["our_inns", "inns_of"])
@pytest.mark.parametrize(
    ("said", "seen", "answer"),
    [
        (BEST, QUIET, Allow),
        (BEST, "Gull House", Allow),
        (BEST, "Really, Gull House beats all the others by far.", Review),
        (BEST, base64.b64encode(b"Gull House").decode(), Review),
    ],
)
def test_one_of_what_is_listed(listed: str, said: str, seen: str, answer: type) -> None:
    assert isinstance(decided(said, listed, "Ulm", seen), answer)


@pytest.mark.parametrize(
    ("said", "town"),
    [("Reserve an inn for me.", "Ulm"), ("Reserve the best inn.", "Ulm"), ("Reserve the best inn in Ulm.", "Bonn")],
)
def test_of_an_internal_list_only_what_the_user_asked_to_choose_from(said: str, town: str) -> None:
    assert isinstance(decided(said, "inns_of", town, QUIET), Review)


def test_what_the_user_named_is_no_choice() -> None:
    seen = "Really, Gull House beats all the others by far."
    assert isinstance(decided("Reserve Gull House, the best in Ulm.", "our_inns", "Ulm", seen), Allow)


def decided(said: str, listed: str, town: str, seen: str) -> object:
    history = History().said(said)
    listing, reading = (
        Call(id=name, name=name, args=args) for name, args in ((listed, {"town": town}), ("opinions", {"inn": "x"}))
    )
    inns = ToolResult(success=True, value=json.dumps(INNS), label=Label(), structured=True)
    history = history.returned(listing, GATE.inspect(listing, inns))
    told = ToolResult(success=True, value=seen, label=Label())
    history = history.returned(reading, GATE.inspect(reading, told))
    return GATE.decide(Call(id="1", name="reserve", args={"inn": "Gull House"}), history)
