"""Many ways to ask for an effect: whatever the user says for it, the answer is never that nobody asked."""

from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.evidence import Asked
from lockgate.guardrails.provenance.intent import asked

from .session import said

ASKS: dict[tuple[str, str], list[str]] = {
    ("send_email", "Send an email."): [
        "What's new? Drop Ann a line about it.",
        "Read the thread and get back to Ann.",
        "Look at the report, then shoot Ann a message.",
        "Check the plan and keep Ann posted.",
        "Find the invoice. Forward it to Ann.",
        "Could you let Ann and Bo know what it says?",
        "Show me the list, and have it sent to Ann.",
        "Read it. Ann should get a copy by mail.",
        "Was steht im Brief? Schick ihn an Ann.",
        "Lis la lettre et transmets-la à Ann.",
        "Lee la carta y envíasela a Ann.",
        "Leggi la lettera e inoltrala ad Ann.",
    ],
    ("make_payment", "Transfer money."): [
        "What is due? Settle it, please.",
        "Check the bill and pay it.",
        "How much is it? Send Bo the money.",
        "Read the invoice; it needs paying.",
        "Wie hoch ist die Rechnung? Überweise den Betrag.",
        "Regarde la facture et règle-la.",
    ],
    ("create_event", "Create an event in the calendar."): [
        "When is Ann free? Put lunch in the diary.",
        "Find a slot and set up a call with Ann.",
        "Read the mail and pencil in the visit.",
        "Check my week, then block off Friday.",
        "What did Ann propose? Schedule it.",
    ],
    ("restart_service", "Restart a service."): [
        "Is the gateway up? Bounce the gateway if not.",
        "Read the log and reboot the gateway.",
        "Check the alarms; reset the gateway.",
        "What is wrong? Turn the gateway off and on again.",
    ],
    ("deploy", "Deploy a version of a service."): [
        "Did the build pass? Ship it to production.",
        "Check the build, then roll out 2.8.",
        "Read the notes and push 2.8 to staging.",
        "See if it is green; update the importer to 2.8.",
        "Look at the log and put 2.8 live.",
    ],
    ("stop_job", "Stop a job."): [
        "Which jobs hang? Kill the oldest.",
        "Look at the jobs and cancel the nightly one.",
        "What runs? Abort it.",
        "Find the job and shut it down.",
    ],
    ("merge_pull_request", "Merge a pull request."): [
        "Did the checks pass? Merge it.",
        "Read PR 88 and accept it.",
        "Look at PR 88; land it if it is fine.",
    ],
    ("add_collaborator", "Give somebody access to a repository."): [
        "Who is Ann? Grant her access.",
        "Read the request and let Ann in.",
        "Find Ann, then invite her to the repo.",
        "Check the list and share the repo with Ann.",
    ],
    ("set_thermostat", "Set the temperature of a room."): [
        "How warm is it? Turn it down to 19.",
        "Check the kitchen and make it warmer.",
        "Look at the forecast and lower the heating.",
    ],
    ("delete_file", "Delete a file."): [
        "Which drafts are old? Get rid of them.",
        "Find the draft and bin it.",
        "Look for duplicates. Throw the older one away.",
        "Read the list and take the draft off the drive.",
    ],
}


@pytest.mark.parametrize(
    ("tool", "words"), [(tool, words) for tool, many in ASKS.items() for words in many], ids=lambda value: str(value)
)
def test_what_was_asked_for_is_never_taken_for_unasked(tool: tuple[str, str], words: str) -> None:
    spec: Any = SimpleNamespace(name=tool[0], description=tool[1], sensitive=frozenset({"x"}))
    assert asked(spec, said(words).passages) is not Asked.NO
