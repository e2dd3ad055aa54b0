"""The services outside, as plain as can be: an effect is a line in a file, and nothing keeps it from being there twice.

Neither Lockgate nor its database knows of the file, so what is in it is what has happened.
"""

import os
from pathlib import Path
from typing import Any

from lockgate import tool
from lockgate.evals.crash.strike import Strike
from lockgate.tools import DidNotHappen, Happened, idempotency_key

DONE = {"pay": "paid", "book": "booked", "send": "sent", "unpay": "unpaid", "unbook": "unbooked", "unsend": "unsent"}


class World:
    """What the tools act on, and what a person who is asked looks at. `path` and `strike` are those of this process."""

    path: Path
    strike: Strike

    def act(self, name: str, ref: str, *, once: bool = False) -> str:
        """Makes the effect durable and says so; a service that knows keys takes each of them `once`."""
        key = idempotency_key()
        with self.strike.at("effect", f"{name} {ref}"):
            if not (once and self.happened(key)):
                _append(self.path, f"{name} {ref} {key}\n")
        return f"{DONE[name]} {ref}"

    def happened(self, key: str) -> bool:
        """Whether there is an effect with the key."""
        return any(line.endswith(f" {key}") for line in _lines(self.path))

    def effects(self) -> list[str]:
        """All effects, without their keys."""
        return sorted(line.rpartition(" ")[0] for line in _lines(self.path))

    def answer(self, request: Any) -> Any:
        """What the person says: yes to what is proposed, and of an effect in doubt what they see out here."""
        if request["type"] == "approval":
            return "approve"
        if self.happened(request["key"]):
            return {"action": "happened", "result": f"{DONE[request['tool']]} {request['args']['ref']}"}
        return {"action": "run"}


def tools(world: World) -> list[Any]:
    """A tool that nobody can ask, one that is idempotent, and one that can be asked; and what undoes them."""

    @tool(timeout=30, undo="unpay")
    def pay(ref: str, amount: int) -> str:  # noqa: ARG001 - a rule looks at it
        """Pay an amount."""
        return world.act("pay", ref)

    @tool(timeout=30, idempotent=True, undo="unbook")
    async def book(ref: str) -> str:
        """Book it."""
        return world.act("book", ref, once=True)

    def sent(key: str) -> Happened | DidNotHappen:
        line = next((line for line in _lines(world.path) if line.endswith(f" {key}")), "")
        done, ref = line.split()[:2] if line else ("", "")
        return Happened(value=f"{DONE[done]} {ref}") if line else DidNotHappen()

    @tool(timeout=30, probe=sent, undo="unsend")
    async def send(ref: str) -> str:
        """Send it."""
        return world.act("send", ref)

    @tool(timeout=30)
    def unpay(ref: str, amount: int) -> str:  # noqa: ARG001 - as it was paid
        """Get the amount back."""
        return world.act("unpay", ref)

    @tool(timeout=30, idempotent=True)
    async def unbook(ref: str) -> str:
        """Cancel the booking."""
        return world.act("unbook", ref, once=True)

    @tool(timeout=30, probe=sent)
    async def unsend(ref: str) -> str:
        """Call it back."""
        return world.act("unsend", ref)

    return [pay, book, send, unpay, unbook, unsend]


def _append(path: Path, line: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, line.encode())
        os.fsync(file)
    finally:
        os.close(file)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
