"""Ctrl-C while a command's event loop runs: it cancels between two turns and leaves nothing behind."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lockgate.cli.store import Runner, run


@pytest.fixture(autouse=True)
def handler() -> Iterator[Any]:
    """SIGINT as a fresh process has it; it must be so again afterwards."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_a_callback_that_is_under_way_ends_first() -> None:
    wrong: list[dict[str, Any]] = []
    steps: list[str] = []

    async def wait() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: wrong.append(context))
        answer = loop.create_future()

        def answered() -> None:
            if not answer.done():
                press()
                answer.set_result(None)  # as every driver does it; what is cancelled meanwhile takes no result

        loop.call_soon(answered)
        try:
            await answer
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            steps.append("closed")

    with pytest.raises(KeyboardInterrupt):
        run(wait())
    assert (wrong, steps) == ([], ["closed"])


def test_the_second_one_does_not_wait_for_the_loop() -> None:
    steps: list[str] = []

    async def busy() -> None:
        press()
        steps.append("once")
        press()
        steps.append("twice")

    with pytest.raises(KeyboardInterrupt):
        run(busy())
    assert steps == ["once"]


def test_a_runner_goes_on_after_one_that_was_interrupted() -> None:
    async def slow() -> None:
        asyncio.get_running_loop().call_soon(press)
        await asyncio.sleep(60)

    async def quick() -> int:
        return 1

    with Runner() as runner:
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                runner.run(slow())
            assert runner.run(quick()) == 1


def test_a_cancellation_that_nobody_pressed_stays_one() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(cancelled())


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    async def ends() -> int:
        press()
        await asyncio.sleep(0)
        return 1

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run(ends()) == 1
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_in_another_thread() -> None:
    async def one() -> int:
        return 1

    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(run(one())))
    thread.start()
    thread.join()
    assert found == [1]
