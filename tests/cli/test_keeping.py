"""What is kept of threads, from the command line."""

import asyncio
import base64
import os

from langchain_core.messages import AIMessage
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph

from .bench import Bench

HELLO = "- Hello.\n"


def test_prune_says_first_and_takes_what_falls_under_the_rule(bench: Bench) -> None:
    for thread in ("one", "two"):
        assert bench("run", "react", "Hi", "--model", bench.model(HELLO), "--thread", thread).code == 0
    (asked, _) = bench("threads", "prune", "--keep", "0", "--dry-run", "--json").json
    assert asked["thread_id"] == "one" and asked["status"] == "completed" and asked["before"] == asked["after"] > 0
    assert bench("threads", "prune", "--keep", "0", "--older-than", "1d").out == "No thread falls under that rule.\n"
    assert len(bench("threads", "--json").json) == 2
    assert {item["after"] for item in bench("threads", "prune", "--keep", "0", "--json").json} == {0}
    assert bench("threads", "--json").json == []
    for wrong in ("3", "d", "-1d", "1y", ""):
        refused = bench("threads", "prune", "--keep", "1", f"--older-than={wrong}")
        assert refused.code == 1 and "is no span of time" in refused.err


def test_erase_prints_a_receipt(bench: Bench) -> None:
    for user in ("ann", "bob"):
        bench("run", "react", "Hi", "--model", bench.model(HELLO), "--thread", user, "--user", user)
    receipt = bench("threads", "erase", "--user", "ann", "--yes", "--json").json
    assert len(receipt["threads"]) == 1 and receipt["rows"]["runs"] == 1 and len(receipt["digest"]) == 64
    assert [thread["thread_id"] for thread in bench("threads", "--json").json] == ["bob"]
    told = bench("threads", "erase", "--user", "bob", "--yes").out
    assert told.startswith("erased 1 thread(s)") and "kept by design: 0 effects" in told
    silent = bench("threads", "erase", "--user", "bob", stdin="")
    assert silent.code == 1 and "--yes" in silent.err
    nobody = bench("threads", "erase", "--yes")
    assert nobody.code == 1 and "Whose data" in nobody.err


def test_what_is_stored_can_be_encrypted_afterwards(bench: Bench) -> None:
    bench("run", "react", "Hi", "--model", bench.model(HELLO), "--thread", "t")
    bench.more["LOCKGATE_ENCRYPTION_KEYS"] = f"k1={base64.b64encode(os.urandom(32)).decode()}"
    assert bench("threads", "rotate", "--json").json["changed"] > 0
    assert bench("show", "t", "--json").json["status"] == "completed"
    del bench.more["LOCKGATE_ENCRYPTION_KEYS"]
    refused = bench("show", "t")
    assert refused.code == 1 and "LOCKGATE_ENCRYPTION_KEYS" in refused.err


def test_every_step_can_be_stored(bench: Bench) -> None:
    for thread, more in (("some", ()), ("all", ("--every-step",))):
        assert bench("run", "react", "Hi", "--model", bench.model(HELLO), "--thread", thread, *more).code == 0
    found = bench("threads", "prune", "--keep", "1", "--dry-run", "--json").json
    sizes = {item["thread_id"]: item["before"] for item in found}
    assert sizes["all"] > 2 * sizes["some"]


def test_threads_of_the_stock_saver_are_imported(bench: Bench, database_url: str) -> None:
    nothing = bench("threads", "import")
    assert nothing.code == 1 and "no tables of LangGraph" in nothing.err

    async def store() -> None:
        async with AsyncPostgresSaver.from_conn_string(database_url) as saver:
            await saver.setup()
            graph = StateGraph(MessagesState).add_node("say", lambda _: {"messages": [AIMessage("Hello.")]})
            agent = graph.add_edge(START, "say").compile(checkpointer=saver)
            await agent.ainvoke({"messages": "Hi."}, {"configurable": {"thread_id": "t"}})

    asyncio.run(store())
    more = ("--from", database_url, "--json")
    (planned,) = bench("threads", "import", "--dry-run", *more).json
    assert planned == {"thread_id": "t", "outcome": "imported", "checkpoints": 3, "added": 3, "reason": ""}
    assert bench("threads", "import", *more).json == [planned]
    assert bench("threads", "import", "--json").json == [{**planned, "outcome": "present", "added": 0}]
    refused = bench("threads", "import", "--thread", "other")
    assert refused.code == 1 and "there is no such thread" in refused.out
