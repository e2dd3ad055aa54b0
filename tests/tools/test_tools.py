"""`@tool`, the registry, wrapping, and running: whatever a tool does, the run gets a result."""

import asyncio
import contextvars
import threading
from decimal import Decimal
from typing import Annotated, Any

import pytest
from langchain_core.tools import StructuredTool
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel, Field

from lockgate import ToolRegistry, ToolSpec, tool
from lockgate.decision import Call
from lockgate.errors import ConfigError, ToolError, UnknownNameError
from lockgate.labels import Integrity
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import Risk
from lockgate.tools import wrap
from lockgate.tools.execute import execute
from lockgate.tools.worker import OverloadedError, Workers


class Receipt(BaseModel):
    paid: Decimal


@tool(effect=True, reversible=False, idempotent=True, sensitive={"account"}, timeout=15)
def refund(order_id: str, account: str, amount: Annotated[float, Field(gt=0, le=500)], note: str = "none") -> Receipt:
    """Pay an order back."""
    return Receipt(paid=Decimal(str(amount)))


@tool
def look_up(order_id: str) -> str:
    """Look an order up."""
    return order_id


def run(spec: ToolSpec, **args: Any) -> ToolResult:
    return asyncio.run(execute(spec, Call(id="1", name=spec.name, args=args)))


def test_the_decorator_states_the_facts() -> None:
    assert (refund.name, refund.description, refund.timeout) == ("refund", "Pay an order back.", 15.0)
    assert (refund.effect, refund.reversible, refund.idempotent, refund.risk) == (True, False, True, Risk.HIGH)
    assert refund.sensitive == {"account"}
    assert refund.output is Integrity.UNTRUSTED
    parameters = refund.schema["function"]["parameters"]
    assert parameters["required"] == ["order_id", "account", "amount"]
    assert parameters["properties"]["amount"] == {
        "exclusiveMinimum": 0, "maximum": 500, "title": "Amount", "type": "number",
    }  # fmt: skip
    assert parameters["additionalProperties"] is False


def test_facts_default_to_the_worst() -> None:
    assert (look_up.effect, look_up.reversible, look_up.idempotent) == (True, False, False)

    @tool(effect=False)
    def read() -> str:
        """Read."""
        return ""

    assert (read.effect, read.reversible, read.idempotent, read.risk) == (False, True, True, Risk.LOW)


def _untyped(x):  # type: ignore[no-untyped-def]
    """Untyped."""


def _starred(*x: int) -> None:
    """Starred."""


def _bare(x: int) -> None: ...


def _unresolved(x: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Unresolved."""


def _callback(x: threading.Thread) -> None:
    """No schema."""


@pytest.mark.parametrize(
    ("function", "facts", "fault"),
    [
        (_untyped, {}, "no type"),
        (_starred, {}, "no name"),
        (_bare, {}, "no description"),
        (_unresolved, {}, "resolved"),
        (_callback, {}, "schema"),
        (look_up.run, {"name": "not a name"}, "no tool name"),
        (look_up.run, {"sensitive": {"acount"}}, "acount"),
        (look_up.run, {"timeout": 0}, "above zero"),
        (look_up.run, {"risk": "awful"}, "awful"),
        (look_up.run, {"output": "fine"}, "fine"),
    ],
)
def test_what_cannot_be_a_tool_says_why(function: Any, facts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        tool(**facts)(function)


def test_registry() -> None:
    registry = ToolRegistry([refund, look_up])
    assert list(registry) == ["refund", "look_up"]
    assert list(registry.narrow("look_*")) == ["look_up"]
    assert [schema["function"]["name"] for schema in registry.catalog()] == ["refund", "look_up"]
    assert "paid" not in str(registry.catalog())
    with pytest.raises(UnknownNameError, match="refnd"):
        registry.narrow("refnd")
    with pytest.raises(ConfigError, match="Two tools are called 'refund'"):
        ToolRegistry([refund, refund])
    with pytest.raises(ConfigError, match="no tool"):
        ToolRegistry([print])  # type: ignore[list-item]


def test_a_langchain_tool_is_wrapped_with_facts() -> None:
    @langchain_tool
    def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    spec = wrap(add, effect=False, output="trusted")
    assert (spec.effect, spec.output, spec.is_async) == (False, Integrity.TRUSTED, True)
    assert run(spec, a=1).value == "3"
    assert run(spec, a=1, c=3).error is ErrorKind.INVALID_ARGUMENTS
    assert ToolRegistry([add])["add"].effect is True


def test_a_langchain_tool_with_a_json_schema_is_held_to_it() -> None:
    schema = {
        "type": "object",
        "properties": {"city-name": {"type": "string", "maxLength": 5}, "days": {"type": "integer"}},
        "required": ["city-name"],
        "additionalProperties": False,
    }
    weather = StructuredTool(
        name="weather", description="Weather.", args_schema=schema, func=lambda **kw: sorted(kw.items())
    )
    spec = wrap(weather)
    assert spec.parameters == schema
    assert spec.validated({"city-name": "Rome"}) == {"city-name": "Rome"}
    assert run(spec, **{"city-name": "Rome"}).success
    for bad in ({"city-name": "Lisbon"}, {"days": 1}, {"city-name": "Rome", "x": 1}):
        assert run(spec, **bad).error is ErrorKind.INVALID_ARGUMENTS
    weather.args_schema = {"type": 3}
    with pytest.raises(ConfigError, match="schema is wrong"):
        wrap(weather)


def test_arguments_are_validated_before_anything_else() -> None:
    assert refund.validated({"order_id": "1", "account": "a", "amount": "5"}) == {
        "order_id": "1", "account": "a", "amount": 5.0, "note": "none",
    }  # fmt: skip
    result = run(refund, order_id="1", account="a", amount=501)
    assert result.error is ErrorKind.INVALID_ARGUMENTS
    assert "amount" in result.value


def test_a_decimal_stays_exact_for_the_policy() -> None:
    @tool
    def pay(amount: Decimal, at: list[Receipt]) -> str:
        """Pay."""
        return repr((amount, at))

    args = pay.validated({"amount": "0.10", "at": [{"paid": "1.5"}]})
    assert args == {"amount": Decimal("0.10"), "at": [{"paid": Decimal("1.5")}]}
    assert run(pay, **args).value == "(Decimal('0.10'), [Receipt(paid=Decimal('1.5'))])"


def test_results() -> None:
    good = run(refund, order_id="1", account="a", amount=5)
    assert (good.success, good.value, good.error) == (True, '{"paid":"5.0"}', None)
    assert good.label.integrity is Integrity.UNTRUSTED
    assert good.label.sources == {"tool:refund"}
    assert good.seconds >= 0


async def _hang_async() -> None:
    """Hangs, and does not even let itself be cancelled."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if _release.is_set():
                raise


_release = threading.Event()


def _hang() -> None:
    """Hangs."""
    _release.wait()


def _raise() -> None:
    """Raises."""
    raise ValueError("the password is hunter2")


def _refuse() -> None:
    """Refuses."""
    raise ToolError("No such order.", "Ask for the number.")


def _exit() -> None:
    """Exits."""
    raise SystemExit(3)


async def _exit_async() -> None:
    """Exits."""
    raise SystemExit(3)


def _stop_iteration() -> None:
    """Stops."""
    raise StopIteration


def _own_timeout() -> None:
    """Fails by itself."""
    raise TimeoutError("upstream")


def _thing() -> object:
    """Returns what no JSON can hold."""
    return threading.Lock()


def _cycle() -> list[Any]:
    """Returns a cycle."""
    value: list[Any] = []
    value.append(value)
    return value


def _invalid_inside() -> None:
    """Fails in validation of its own."""
    Receipt.model_validate({"paid": "hunter2"})


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [
        (_hang_async, ErrorKind.TIMEOUT, "0.05 s"),
        (_hang, ErrorKind.TIMEOUT, "0.05 s"),
        (_raise, ErrorKind.EXCEPTION, "ValueError"),
        (_refuse, ErrorKind.EXCEPTION, "No such order. Ask for the number."),
        (_exit, ErrorKind.EXCEPTION, "RuntimeError"),
        (_exit_async, ErrorKind.EXCEPTION, "RuntimeError"),
        (_stop_iteration, ErrorKind.EXCEPTION, "failed"),
        (_own_timeout, ErrorKind.EXCEPTION, "TimeoutError"),
        (_thing, ErrorKind.UNSERIALIZABLE, "no JSON"),
        (_cycle, ErrorKind.UNSERIALIZABLE, "no JSON"),
        (_invalid_inside, ErrorKind.EXCEPTION, "ValidationError"),
    ],
)
def test_a_tool_that_misbehaves_gives_a_result(
    function: Any, kind: ErrorKind, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    spec = tool(name=function.__name__, timeout=0.05)(function)

    async def once() -> ToolResult:
        try:
            return await execute(spec, Call(id="1", name=spec.name, args={}))
        finally:
            _release.set()

    _release.clear()
    result = asyncio.run(once())
    assert (result.success, result.error) == (False, kind)
    assert text in result.value
    assert "hunter2" not in result.value


def test_a_huge_result_is_cut() -> None:
    @tool(max_output=1_000)
    def huge(kind: str) -> Any:
        """Return 100 MB."""
        return "é" * 50_000_000 if kind == "text" else ["x" * 100] * 1_000

    text = run(huge, kind="text")
    assert len(text.value.encode()) <= 1_000
    assert text.cut == 100_000_000 - len(text.value.encode())
    listed = run(huge, kind="list")
    assert len(listed.value) == 1_000
    assert listed.cut > 100_000


def test_text_of_a_tool_is_clean() -> None:
    @tool
    def dirty() -> str:
        """Return what cannot be stored."""
        return "a\0b\ud800"

    assert run(dirty).value == "a\ufffdb\ufffd"


async def test_hanging_calls_are_counted_and_bounded() -> None:
    pool, gate = Workers(max_abandoned=2), threading.Event()
    for expected in (1, 2):
        with pytest.raises(TimeoutError):
            await pool.run(gate.wait, 0.01)
        assert pool.abandoned == expected
    with pytest.raises(OverloadedError):
        await pool.run(lambda: 1, 1)
    gate.set()
    while pool.abandoned:
        await asyncio.sleep(0)
    assert await pool.run(lambda: 7, 1) == 7


async def test_a_cancelled_call_is_counted_too() -> None:
    pool, gate = Workers(), threading.Event()
    task = asyncio.create_task(pool.run(gate.wait, 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.abandoned == 1
    gate.set()


async def test_workers_are_reused_and_carry_the_context() -> None:
    pool, seen = Workers(), contextvars.ContextVar("seen", default=0)
    seen.set(5)
    first = await pool.run(lambda: (seen.get(), threading.get_ident()), 1)
    for _ in range(50):
        again = await pool.run(lambda: (seen.get(), threading.get_ident()), 1)
        if again == first:
            return
    pytest.fail("no thread was ever reused")
