"""`ScriptedModel`: a chat model that plays turns from code or from a YAML file."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr
from typing_extensions import override

from lockgate.errors import ConfigError, ScriptError
from lockgate.models.script import Branch, Fault, Function, Script, Turn, When
from lockgate.yaml_data import Kind, Problem, read_file

__all__ = ["Branch", "ScriptedModel", "When"]

_KIND = Kind(name="script", file="script")


class ScriptedModel(BaseChatModel):
    """Plays `turns`, one for each call, and fails with ScriptError when they run out.

    **Position.** Nothing is counted in the model: the turn to play is the number of AI messages in the
    conversation it is given. So a run that was killed goes on at the right turn in a new process, and one
    model serves any number of threads, each from its own start. (A conversation whose AI messages were trimmed
    away goes back by as many turns.)

    **A turn** is one of
    - a `str`: an answer;
    - an `AIMessage`, played as it is;
    - a dict `{"text": str, "calls": [{"name": str, "args": {...}, "id": str}], "usage": {"input": n, "output": n}}`
      (usage in tokens), every key but `name` optional; a call without an id gets `call-<turn>-<n>`, both from 0;
    - a function of the messages, or of the messages and the bound tools (in OpenAI's form), that returns any of these;
    - a `Branch`: the first of its `When` that fits what the model sees is played, however many turns that is.

    **From YAML**, with `ScriptedModel.from_file(path)`: a list of such turns, functions apart.

        - text: Let me look.
          calls:
            - {name: lookup, args: {order: "1042"}}
        - branch:
            - when: {tool_result: lookup, contains: paid}   # that tool's last result holds the text
              then:                                         # one turn, or a list of turns
                - calls: [{name: refund, args: {order: "1042"}}]
                - The money is on its way.
            - when: {last_contains: cancel}                 # the last message holds the text
              then: It is cancelled.
            - otherwise: I cannot find that order.
        - Anything else?                                    # goes on here after each branch

    Texts are compared without regard to case. With several conditions in one `when`, all must hold.

    `strict` refuses to play a call to a tool that is not bound; without it unknown tools can be called on purpose.
    Usage is given with every turn: as the script says, or a quarter of a token for each character.
    """

    turns: Any = ()
    strict: bool = False
    model_name: str = "scripted"
    _script: Script = PrivateAttr()

    def __init__(self, turns: Sequence[Turn] = (), **kwargs: Any) -> None:
        """Checks every turn; raises ConfigError that names the one at fault."""
        super().__init__(turns=turns, **kwargs)
        try:
            self._script = Script.parse(self.turns)
        except Fault as fault:
            at = "".join(f"[{key!r}]" for key in fault.place)
            raise ConfigError(f"turns{at}: {fault}.", "See the docstring of ScriptedModel.") from None

    @classmethod
    def from_file(cls, path: str | Path, **kwargs: Any) -> Self:
        """The model that plays the YAML file `path`. Raises FileError, whose `where` names file and line."""
        document = read_file(str(path), _KIND)
        if document.faults:
            raise document.error(document.faults[0])
        try:
            Script.parse(document.data)
        except Fault as fault:
            problem = Problem(loc=fault.place, message=f"{fault}.", hint="docs/models.md shows a script.")
            raise document.error(problem) from None
        return cls(document.data, **kwargs)

    @property
    @override
    def _llm_type(self) -> str:
        return "lockgate-scripted"

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    @override
    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | Any], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A model that knows of `tools`: functions see them, and `strict` holds calls to them."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._play(messages, kwargs.get("tools", ())))])

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # Not the default, which would hop to a worker thread.
        return ChatResult(generations=[ChatGeneration(message=self._play(messages, kwargs.get("tools", ())))])

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from _chunks(self._play(messages, kwargs.get("tools", ())))

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in _chunks(self._play(messages, kwargs.get("tools", ()))):
            yield chunk

    def _play(self, messages: list[BaseMessage], tools: Sequence[dict[str, Any]]) -> AIMessage:
        index, turn = self._script.next(messages)
        if isinstance(turn, Function):
            try:
                turn = turn.play(messages, tools)
            except Fault as fault:
                raise ScriptError(f"Turn {index} of the script: {fault}.", "Mend the function of this turn.") from None
        message = turn.message(index, messages)
        if self.strict:
            known = [tool["function"]["name"] for tool in tools]
            for call in message.tool_calls:
                if call["name"] not in known:
                    raise ScriptError(
                        f"Turn {index} of the script calls {call['name']!r}, which is not bound.",
                        f"Bound: {', '.join(known) or 'no tool'}.",
                    )
        return message


def _chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The message word by word, then what else it holds."""
    words = re.split(r"(?<=\s)(?=\S)", message.content) if isinstance(message.content, str) else [message.content]
    for word in words:
        if word:
            yield ChatGenerationChunk(message=AIMessageChunk(content=word, id=message.id))
    rest = AIMessageChunk(
        content="" if isinstance(message.content, str) else [],
        id=message.id,
        tool_calls=message.tool_calls,
        invalid_tool_calls=message.invalid_tool_calls,
        usage_metadata=message.usage_metadata,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        chunk_position="last",
    )
    yield ChatGenerationChunk(message=rest)
