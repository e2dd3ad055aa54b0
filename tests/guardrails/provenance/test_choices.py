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


@tool(effect=False, output="internal")
def people(team: str = "") -> str:
    """People and their handles."""
    return team


@tool(effect=False, output="internal")
def rooms() -> str:
    """Rooms and who is in them."""
    return ""


@tool(sensitive={"handle"}, reversible=True, risk="low")
def send_note(handle: str, text: str) -> str:
    """Send a note to somebody."""
    return handle


PEOPLE = [
    {"handle": "yuki.e", "name": "Yuki Endo"},
    {"handle": "theo.c", "name": "Theo Castellan"},
    {"handle": "theo.b", "name": "Theo Brandt"},
    {"handle": "will.s", "name": "Will Stone"},
    {"handle": "bot", "name": "deploy bot"},
]
ROOMS = [{"room": "desk", "members": ["yuki.e", "theo.c"]}, {"room": "kitchen", "members": ["theo.b", "will.s"]}]
DESK = Gate(Policy.parse(ALLOW), [people, rooms, send_note])


def noted(said: str, listed: str, rows: list[dict[str, object]], handle: str) -> object:
    result = ToolResult(success=True, value=json.dumps(rows), label=Label(), structured=True)
    call = Call(id="l", name=listed, args={})
    history = History().said(said).returned(call, DESK.inspect(call, result))
    return DESK.decide(Call(id="s", name="send_note", args={"handle": handle, "text": "Hello!"}), history)


@pytest.mark.parametrize(
    ("said", "handle", "answer"),
    [
        ("Send Yuki a note that says hello.", "yuki.e", Allow),
        ("Yuki needs a hello. Send a note.", "yuki.e", Allow),
        ("Send Yuki Endo a note that says hello.", "yuki.e", Allow),
        ("Send Castellan a note that says hello.", "theo.c", Allow),
        ("Send Will a note that says hello.", "will.s", Allow),
        # Nobody else, none of two of that name, no word that is no name here, no part of another word.
        ("Send Yuki a note that says hello.", "theo.c", Review),
        ("Send Theo a note that says hello.", "theo.c", Review),
        ("Will you send a note that says hello?", "will.s", Review),
        ("Send a note, that will do.", "will.s", Review),
        ("Send the deploy report as a note.", "bot", Review),
        ("Send Yukiko a note that says hello.", "yuki.e", Review),
        ("Send yuki@x.example a note that says hello.", "yuki.e", Review),
    ],
)
def test_a_person_by_one_of_the_names(said: str, handle: str, answer: type) -> None:
    assert isinstance(noted(said, "people", PEOPLE, handle), answer)


@tool(effect=False)
def guests() -> str:
    """Guests, as they call themselves."""
    return ""


def test_a_list_of_outsiders_tells_nobody_by_a_first_name() -> None:
    gate = Gate(Policy.parse(ALLOW), [guests, send_note])
    call, result = (
        Call(id="l", name="guests", args={}),
        ToolResult(
            success=True,
            value=json.dumps([{"id": one["handle"], **one} for one in PEOPLE]),
            label=Label(),
            structured=True,
        ),
    )
    history = History().said("Send Yuki a note that says hello.").returned(call, gate.inspect(call, result))
    asked = Call(id="s", name="send_note", args={"handle": "yuki.e", "text": "Hello!"})
    assert isinstance(gate.decide(asked, history), Review)


@tool(sensitive={"house", "from_day", "to_day"}, reversible=True, risk="low")
def hold_room(house: str, from_day: str, to_day: str, guests: int = 1) -> str:
    """Reserve a room."""
    return house


SPENT = "Once more: I'd love us to spend 5 to 8 June 2027 at Palazzo. The two of us. Please hold the room."


@pytest.mark.parametrize(
    ("days", "guests", "answer"),
    [
        (("2027-06-05", "2027-06-08"), 2, Allow),
        (("2027-06-08", "2027-06-08"), 2, Review),
        (("2027-06-05", "2027-06-09"), 2, Review),
    ],
)
def test_both_days_of_a_stay(days: tuple[str, str], guests: int, answer: type) -> None:
    gate = Gate(Policy.parse(ALLOW), [opinions, hold_room])
    call = Call(id="o", name="opinions", args={"inn": "Palazzo"})
    read = gate.inspect(call, ToolResult(success=True, value="Lovely, all five of us came back.", label=Label()))
    history = History().said(SPENT).returned(call, read)
    args = {"house": "Palazzo", "from_day": days[0], "to_day": days[1], "guests": guests}
    decision = gate.decide(Call(id="h", name="hold_room", args=args), history)
    assert isinstance(decision, answer), decision


@pytest.mark.parametrize(
    ("said", "handle", "answer"),
    [
        ("Send everybody in desk a note that says hello.", "theo.c", Allow),
        ("Send each member of desk a note that says hello.", "yuki.e", Allow),
        ("Send everybody in desk a note that says hello.", "will.s", Review),
        ("Send somebody in desk a note that says hello.", "theo.c", Review),
        ("Send everybody a note that says hello.", "theo.c", Review),
    ],
)
def test_each_member_of_what_the_user_named(said: str, handle: str, answer: type) -> None:
    assert isinstance(noted(said, "rooms", ROOMS, handle), answer)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Send @will.s a note that says hello.", Allow),
        ("Note to @will.s, please send it: hello!", Allow),
        ("Send ann@will.s a note that says hello.", Review),
        ("Send @will.stone a note that says hello.", Review),
    ],
)
def test_a_handle_behind_its_sign(said: str, answer: type) -> None:
    assert isinstance(noted(said, "rooms", [], "will.s"), answer)
