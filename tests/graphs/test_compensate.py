"""Undoing a run: newest first, each once, each through the lock."""

from typing import Any

import pytest
from tests.graphs.test_effects import drain

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.effect import EffectStatus
from lockgate.errors import ConfigError, ToolError
from lockgate.graphs import compensate, react, verify
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver

POLICY = Policy.parse("""
version: 1
name: shop
rules:
  - {id: all, tools: [order, mail, cancel], action: allow, reason: test}
""")
REVIEWED = Policy.parse("""
version: 1
name: shop
rules:
  - {id: undo, tools: [cancel], action: review, reason: Somebody looks.}
""")


class Shop:
    def __init__(self, *faults: Exception) -> None:
        self.log: list[str] = []
        self.faults = list(faults)

    def tools(self) -> list[ToolSpec]:
        @tool(undo="cancel", undo_args={"number": "result.number", "item": "args.item"})
        def order(item: str) -> dict[str, Any]:
            """Order."""
            self.log.append(f"order {item}")
            return {"number": len(self.log)}

        @tool
        def mail(text: str) -> str:
            """Mail."""
            self.log.append(f"mail {text}")
            return "sent"

        @tool
        def cancel(number: int, item: str) -> str:
            """Cancel."""
            if self.faults:
                raise self.faults.pop(0)
            self.log.append(f"cancel {number} {item}")
            return "cancelled"

        return [order, mail, cancel]


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args}


async def shopped(saver: PostgresSaver, shop: Shop, *calls: dict[str, Any], before: int = 0) -> str:
    """A run that made these calls one after the other; its id."""
    turns: list[Any] = [*("Before.",) * before, *({"calls": [made]} for made in calls), "Done."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=shop.tools(), policy=POLICY, checkpointer=saver)
    run = Session(graph, "t")
    await drain(run.start("Shop."))
    return str((await run.state()).values["run_id"])


def undoing(saver: PostgresSaver, shop: Shop, run_id: str, policy: Policy = POLICY) -> Session:
    graph = compensate.build(tools=shop.tools(), policy=policy, checkpointer=saver)
    verify(graph)
    return Session(graph, compensate.undo_thread("t", run_id))


async def test_newest_first_and_once(saver: PostgresSaver) -> None:
    shop = Shop()
    run_id = await shopped(saver, shop, call("order", item="a"), call("order", item="b"))
    for _ in range(2):
        run = undoing(saver, shop, run_id)
        await drain(run.start("Undo."))
        assert shop.log == ["order a", "order b", "cancel 2 b", "cancel 1 a"]
    assert (await run.state()).values["answer"] == "There is nothing to undo."
    effects = await saver.ledger.of_thread("t")
    assert [(e.tool, e.status) for e in effects] == [(n, "done") for n in ("order", "order", "cancel", "cancel")]
    assert [e.undo_of for e in effects] == ["", "", effects[1].key, effects[0].key]


async def test_only_the_effects_of_that_run(saver: PostgresSaver) -> None:
    shop = Shop()
    await shopped(saver, shop, call("order", item="kept"))
    run_id = await shopped(saver, shop, call("order", item="b"), before=2)
    await drain(undoing(saver, shop, run_id).start("Undo."))
    assert shop.log == ["order kept", "order b", "cancel 2 b"]


async def test_what_cannot_be_undone_is_named(saver: PostgresSaver) -> None:
    shop = Shop()
    run_id = await shopped(saver, shop, call("order", item="a"), call("mail", text="hi"))
    run = undoing(saver, shop, run_id)
    await drain(run.start("Undo."))
    values = (await run.state()).values
    assert shop.log[-1] == "cancel 1 a"
    assert values["status"] == "failed"
    assert values["answer"].startswith("1 undone, 1 not.\nmail (")
    assert "names no undo" in values["answer"]


async def test_a_failed_undo_is_tried_anew_by_the_next_command(saver: PostgresSaver) -> None:
    shop = Shop(ToolError("The shop is closed."))
    run_id = await shopped(saver, shop, call("order", item="a"))
    run = undoing(saver, shop, run_id)
    await drain(run.start("Undo."))
    assert (await run.state()).values["answer"] == "0 undone, 1 not.\nError: The shop is closed."
    await drain(run.start("Undo."))
    assert (await run.state()).values["answer"] == "1 undone, 0 not."
    assert shop.log == ["order a", "cancel 1 a"]


async def test_an_undo_in_doubt_asks_and_is_not_repeated(saver: PostgresSaver) -> None:
    shop = Shop(ConnectionError("lost"))
    run_id = await shopped(saver, shop, call("order", item="a"))
    run = undoing(saver, shop, run_id)
    await drain(run.start("Undo."))
    (question,) = await run.waiting()
    assert (question.request["type"], question.request["tool"]) == ("effect", "cancel")
    await drain(run.resume({question.id: {"action": "happened", "result": "cancelled"}}))
    assert (await run.state()).values["answer"] == "1 undone, 0 not."
    assert shop.log == ["order a"]


async def test_undos_pass_the_policy(saver: PostgresSaver) -> None:
    shop = Shop()
    run_id = await shopped(saver, shop, call("order", item="a"))
    denied = undoing(saver, shop, run_id, Policy.deny_all())
    await drain(denied.start("Undo."))
    assert (await denied.state()).values["status"] == "failed"
    reviewed = undoing(saver, shop, run_id, REVIEWED)
    await drain(reviewed.start("Undo."))
    (question,) = await reviewed.waiting()
    assert question.request["reasoning"].startswith("Undoes order of ")
    await drain(reviewed.resume({question.id: "approve"}))
    assert shop.log == ["order a", "cancel 1 a"]


async def test_an_effect_in_doubt_is_not_undone(saver: PostgresSaver) -> None:
    shop = Shop()
    run_id = await shopped(saver, shop, call("order", item="a"))
    (effect,) = await saver.ledger.of_thread("t")
    async with saver.pools.connection() as connection:
        await connection.execute("UPDATE effects SET status = %s", (EffectStatus.UNKNOWN,))
    run = undoing(saver, shop, run_id)
    await drain(run.start("Undo."))
    assert f"order ({effect.key[:8]}): it is in doubt whether it happened" in (await run.state()).values["answer"]
    assert shop.log == ["order a"]


def test_undo_args_are_checked() -> None:
    with pytest.raises(ConfigError, match="begins with args or result"):
        tool(undo="x", description="x", undo_args={"a": "call.b"})(test_undo_args_are_checked)
    with pytest.raises(ConfigError, match="undo_args without undo"):
        tool(undo_args={"a": "args.b"}, description="x")(test_undo_args_are_checked)
