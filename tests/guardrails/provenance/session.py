"""Tools and sessions that the provenance tests share. All names and values are made up."""

import json
from typing import Any

from lockgate import Gate, Policy, ToolSpec, tool
from lockgate.decision import Call
from lockgate.labels import UNTRUSTED, Label
from lockgate.ports import History
from lockgate.result import ToolResult

ALLOW = "version: 1\nname: t\nrules: [{id: all, tools: ['*'], action: allow}]\n"


def tools() -> list[ToolSpec]:
    @tool(effect=False, private=True)
    def read_letter(name: str) -> str:
        """Read a letter."""
        return name

    @tool(effect=False, private=True, output="trusted")
    def find_supplier(name: str) -> str:
        """Find a supplier."""
        return name

    @tool(effect=False, private=True, output="internal")
    def directory(name: str) -> str:
        """Look a person up."""
        return name

    @tool(sensitive={"iban"})
    def wire_money(iban: str, amount: float, note: str = "") -> str:
        """Pay somebody."""
        return iban

    @tool(sensitive={"to"})
    def send_letter(to: list[str], text: str) -> str:
        """Send a letter."""
        return text

    @tool(sensitive={"doc_id"})
    def delete_document(doc_id: str) -> str:
        """Delete a document."""
        return doc_id

    @tool
    def post_notice(text: str) -> str:
        """Post a notice on the board."""
        return text

    @tool(effect=False, sensitive={"url"})
    def fetch(url: str) -> str:
        """Fetch a page."""
        return url

    return [read_letter, find_supplier, directory, wire_money, send_letter, delete_document, post_notice, fetch]


def gate(sections: str = "") -> Gate:
    return Gate(Policy.parse(ALLOW + sections), tools())


GATE = gate()


def read(history: History, text: Any, by: str = "read_letter", **args: Any) -> History:
    """`history` with what the tool gave back, through the lower gate."""
    call = Call(id="r", name=by, args=args or {"name": "x"})
    value = text if isinstance(text, str) else json.dumps(text)
    result = ToolResult(success=True, value=value, label=Label(), structured=not isinstance(text, str))
    return history.returned(call, GATE.inspect(call, result))


def said(text: str) -> History:
    return History().said(text)


def untrusted(text: str) -> History:
    result = ToolResult(success=True, value=text, label=UNTRUSTED)
    return History().returned(Call(id="r", name="read_letter", args={}), result)


def decide(history: History, name: str, args: dict[str, Any], at: Gate = GATE) -> Any:
    return at.decide(Call(id="c", name=name, args=args), history)
