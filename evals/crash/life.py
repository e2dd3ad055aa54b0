"""One process's part of a run: from where the thread is, until it ends."""

from collections.abc import Callable
from typing import Any

from lockgate.errors import ThreadFinishedError, ThreadNotFoundError
from lockgate.graphs.session import Session


async def to_the_end(session: Session, message: str, answer: Callable[[Any], Any] = lambda _: "approve") -> None:
    """Starts the thread with `message` if it is new, resumes it if not, and goes on until it has ended.

    `answer` is the person: it is given each question's request.
    """
    while True:
        try:
            questions = await session.waiting()
            async for _ in session.resume({question.id: answer(question.request) for question in questions}):
                pass
        except ThreadNotFoundError:
            async for _ in session.start(message):
                pass
        except ThreadFinishedError:
            return
