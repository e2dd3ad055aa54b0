"""`langgraph dev` serves what langgraph.json names, offline, and a run there waits for a person and goes on."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from langgraph.graph.state import CompiledStateGraph
from langgraph_sdk import get_client

ROOT = Path(__file__).parents[1]
CONFIG = json.loads((ROOT / "langgraph.json").read_text("utf-8"))
START_TIMEOUT = 90.0
SCRIPT = """
- text: I keep that in a file.
  calls: [{name: write_file, args: {path: note.txt, text: hello}}]
- Written.
"""


@pytest.mark.parametrize(("name", "place"), CONFIG["graphs"].items())
def test_every_graph_loads_by_its_module(name: str, place: str) -> None:
    module, _, attribute = place.partition(":")
    # The server looks into the module's own namespace: an attribute that is made when asked for is not found.
    graph = vars(import_module(module))[attribute]
    assert isinstance(graph, CompiledStateGraph)
    assert graph.checkpointer is None
    assert graph.name == name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    (folder / "script.yaml").write_text(SCRIPT, "utf-8")
    (folder / "langgraph.json").write_text(json.dumps(CONFIG), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH", "LANGCHAIN"))}
    env |= {
        "PYTHONPATH": str(ROOT / "src"),
        "LOCKGATE_MODEL": f"scripted:{folder / 'script.yaml'}",
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_NO_VERSION_CHECK": "true",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    }
    log = (folder / "server.log").open("w+")
    command = [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--port", port]
    with log, subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(server, address, folder / "server.log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_ready(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/ok", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the server is not ready:\n{log.read_text()[-3_000:]}")


async def test_a_run_waits_for_a_person_and_goes_on(url: str, folder: Path) -> None:
    async with get_client(url=url) as client:
        known = {assistant["graph_id"] for assistant in await client.assistants.search()}
        assert known == set(CONFIG["graphs"])
        thread = (await client.threads.create())["thread_id"]
        message = {"messages": [{"role": "user", "content": "Write a note."}]}
        await client.runs.wait(thread, "react", input=message)

        state = await client.threads.get_state(thread)
        assert state["next"] == ["review"]
        [question] = state["interrupts"]
        assert question["value"]["tool"] == "write_file"
        assert question["value"]["rule"].startswith("ask-before-writing")
        assert not (folder / "note.txt").exists()

        answer = {question["id"]: {"action": "approve", "by": "ann"}}
        done = await client.runs.wait(thread, "react", command={"resume": answer})
        assert done["answer"] == "Written."
        assert (folder / "note.txt").read_text("utf-8") == "hello"

        history = await client.threads.get_history(thread, limit=20)
        steps = [step["next"] for step in reversed(history)]
        passed = [["action_guard"], ["review"]]
        assert steps == [
            ["__start__"], ["input_guard"], ["call_model"], *passed, ["call_model"], ["output_guard"], [],
        ]  # fmt: skip
        kinds = [message["type"] for message in history[0]["values"]["messages"]]
        assert kinds == ["human", "ai", "tool", "ai"]
        await asyncio.wait_for(client.threads.delete(thread), 10)
