"""LangGraph's own suite for checkpointers."""

import json
from collections.abc import AsyncGenerator

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate

from lockgate.runtime import PostgresSaver, open_checkpointer


@pytest.mark.parametrize(
    "capability", ["put", "put_writes", "get_tuple", "list", "delete_thread", "prune", "copy_thread", "delete_for_runs"]
)
async def test_conformance(database_url: str, capability: str) -> None:
    @checkpointer_test(name=f"PostgresSaver-{capability}")
    async def factory() -> AsyncGenerator[BaseCheckpointSaver, None]:
        saver = await open_checkpointer(database_url)
        assert isinstance(saver, PostgresSaver)
        yield saver
        await saver.aclose()

    report = await validate(factory, capabilities={capability})
    result = report.results[capability]
    assert result.passed, json.dumps(result.failures, default=str)
    assert result.tests_passed > 0
