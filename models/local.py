"""`LocalModel`: a GGUF model in this process, without a key and without a network."""

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field
from typing_extensions import override

from lockgate.errors import ConfigError, ModelError
from lockgate.models.constrained import Written, answer_so_far, grammar, read
from lockgate.models.engine import Completion, Engine, default_threads, engine
from lockgate.models.gguf import control_tokens
from lockgate.models.pulling import pulled

_CHARS_A_TOKEN = 2
"""Fewer than text has, so that a bound in characters is met before the bound in tokens."""

_SYSTEM = "You are a helpful assistant."
"""Told when the conversation has no system message: without one SmolLM2 strays."""

# Of five wordings, with the tools' schemas or their signatures, this one made SmolLM2 choose best.
_RULES = """\
You have these tools:
{tools}
If a tool helps with the question, call it: {{"tool": NAME, "arguments": {{...}}}}
Only if no tool helps, reply: {{"answer": TEXT}}"""

_CLOSING = "Answer me in one sentence from the result above."

Emit = Callable[[str], bool]


class LocalModel(BaseChatModel):
    """A GGUF model run by llama.cpp in this process (extra `local`).

    `path` is the file; without one it is the pulled SmolLM2. `n_ctx` and `max_tokens` are in tokens, `n_threads`
    0 means 1 on a machine of one or two cores and the physical cores, at most 8, on any other. The weights load at
    the first call and are shared by all models of the same file in the process; one inference runs at a time.

    With tools bound, the model writes JSON that is held to the tools' schemas while it is decoded, so that even a
    model too small to call tools by itself makes valid calls. To let a run end, it is offered the tools at most
    `max_rounds` times for one user message, and a call that it has made already is not made again: it then
    answers in plain text.
    """

    path: Path | None = None
    n_ctx: int = Field(4_096, ge=256)
    n_threads: int = Field(0, ge=0, le=256)
    max_tokens: int = Field(512, ge=1)
    max_rounds: int = Field(2, ge=1)
    temperature: float = Field(0.0, ge=0, le=2)

    def __init__(self, path: str | Path | None = None, **kwargs: Any) -> None:
        """Looks for the file, and no more. Raises ConfigError when there is none or it is not a GGUF file."""
        found = Path(path).expanduser() if path else pulled("smollm2")
        if found is None or (path and not found.is_file()):
            what = "The local model has not been fetched yet." if found is None else f"There is no model file {found}."
            raise ConfigError(what, "Run: lockgate models pull smollm2")
        control_tokens(found)
        super().__init__(path=found, **kwargs)

    @property
    @override
    def _llm_type(self) -> str:
        return "lockgate-local"

    @property
    def model_name(self) -> str:
        """The file's name without its ending."""
        return self._file.stem

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature, "max_tokens": self.max_tokens}

    @property
    def _file(self) -> Path:
        assert self.path is not None
        return self.path

    @override
    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | Any], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A model that may call `tools`; `tool_choice` as usual: `auto`, `any`, `none` or a tool's name."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, stop, kwargs, lambda _: False))])

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        cancelled = threading.Event()
        try:
            said = await asyncio.to_thread(self._reply, messages, stop, kwargs, lambda _: cancelled.is_set())
        finally:
            cancelled.set()
        return ChatResult(generations=[ChatGeneration(message=said)])

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        loop, pieces, cancelled = asyncio.get_running_loop(), asyncio.Queue[str | None](), threading.Event()

        def emit(piece: str) -> bool:
            if piece and not cancelled.is_set():
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return cancelled.is_set()

        work = asyncio.ensure_future(asyncio.to_thread(self._reply, messages, stop, kwargs, emit))
        work.add_done_callback(lambda _: pieces.put_nowait(None))
        streamed = ""
        try:
            while (piece := await pieces.get()) is not None:
                streamed += piece
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
            said = await work
        finally:
            cancelled.set()
            work.cancel()
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content=said.text.removeprefix(streamed),
                tool_calls=said.tool_calls,
                invalid_tool_calls=said.invalid_tool_calls,
                usage_metadata=said.usage_metadata,
                response_metadata=said.response_metadata,
                chunk_position="last",
            )
        )

    def _reply(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any], emit: Emit
    ) -> AIMessage:
        loaded = engine(self._file, n_ctx=self.n_ctx, n_threads=self.n_threads or default_threads())
        tools, must_call = _offered([tool["function"] for tool in kwargs.get("tools", ())], kwargs.get("tool_choice"))
        spent: list[Completion] = []

        def ask(**options: Any) -> Completion:
            bounds = {"max_tokens": kwargs.get("max_tokens", self.max_tokens), "temperature": self.temperature}
            spent.append(loaded.complete(**{"stop": stop, "emit": emit, **bounds, **options}))
            return spent[-1]

        since = _since_the_user_spoke(messages)
        rounds = sum(isinstance(message, AIMessage) and bool(message.tool_calls) for message in since)
        if tools and (must_call or rounds < self.max_rounds):
            written = self._choose(ask, loaded, messages, tools, answer=not must_call, emit=emit)
            made = [(call["name"], call["args"]) for m in since if isinstance(m, AIMessage) for call in m.tool_calls]
            if must_call or not written.tool or (written.tool, written.args) not in made:
                return _message(written, spent, self.model_name)
        text = ask(messages=_rendered(messages, loaded)).text
        return _message(Written(answer=text.strip() if since else text), spent, self.model_name)

    def _choose(
        self,
        ask: Callable[..., Completion],
        loaded: Engine,
        messages: list[BaseMessage],
        tools: list[dict[str, Any]],
        *,
        answer: bool,
        emit: Emit,
    ) -> Written:
        """One turn under the grammar; what was written is checked, for llama.cpp drops a grammar it cannot read."""
        prompt = _rendered(
            messages, loaded, rules=loaded.neutral(_RULES.format(tools="\n".join(map(_described, tools))))
        )
        for bare in (False, True):
            text = grammar(tools, answer=answer, max_chars=self.max_tokens * _CHARS_A_TOKEN, bare=bare)
            done = ask(messages=prompt, grammar=text, emit=_Answers(emit), stop=None)
            written = read(done.text)
            if done.cut or not written.broken:
                return written
        raise ModelError(
            f"The schemas of {', '.join(t['name'] for t in tools)} cannot hold a local model.", "Simplify them."
        )


class _Answers:
    """Passes on the answer inside the JSON as it grows."""

    def __init__(self, emit: Emit) -> None:
        self._emit, self._text, self._sent = emit, "", 0

    def __call__(self, piece: str) -> bool:
        self._text += piece
        new = answer_so_far(self._text)[self._sent :] if piece else ""
        self._sent += len(new)
        return self._emit(new)


def _offered(tools: list[dict[str, Any]], choice: Any) -> tuple[list[dict[str, Any]], bool]:
    """The tools that may be called, and whether one must be."""
    if isinstance(choice, dict):
        choice = choice.get("function", choice).get("name")
    if choice in {None, "auto", False}:
        return tools, False
    if choice == "none":
        return [], False
    if choice in {"any", "required", True}:
        return tools, True
    return [tool for tool in tools if tool["name"] == choice], True


def _since_the_user_spoke(messages: list[BaseMessage]) -> list[BaseMessage]:
    last = max((place for place, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    return messages[last + 1 :]


def _described(tool: dict[str, Any]) -> str:
    """As a signature, which small models read better than a schema; the grammar holds the rest."""
    properties = (tool.get("parameters") or {}).get("properties", {})
    arguments = ", ".join(f"{name}: {_kind(schema)}" for name, schema in properties.items())
    return f"- {tool['name']}({arguments}): {tool.get('description', '')}"


def _kind(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "any"
    kind = " or ".join(map(json.dumps, schema["enum"])) if "enum" in schema else str(schema.get("type", "any"))
    return f"{kind} ({schema['description']})" if schema.get("description") else kind


def _rendered(messages: list[BaseMessage], loaded: Engine, rules: str = "") -> list[dict[str, str]]:
    """The conversation as the chat template takes it. No text in it can pass for a part of the template.

    Calls and results are told in the roles that every template knows. Without `rules` no JSON is shown, or the
    model would go on writing it.
    """
    told = [loaded.neutral(m.text) for m in messages if isinstance(m, SystemMessage)] or [_SYSTEM]
    turns = [{"role": "system", "content": "\n\n".join([*told, *filter(None, [rules])])}]
    for message in messages:
        text = loaded.neutral(message.text)
        match message:
            case SystemMessage():
                continue
            case ToolMessage():
                role, text = "user", f"Result of {loaded.neutral(message.name or 'the tool')}: {text}"
            case AIMessage():
                role = "assistant"
                calls = [{"tool": call["name"], "arguments": call["args"]} for call in message.tool_calls]
                if rules and not calls:
                    text = json.dumps({"answer": text})
                if rules:
                    text = "\n".join(filter(None, [text, *(loaded.neutral(json.dumps(call)) for call in calls)]))
                elif not text:
                    continue
            case _:
                role = "user"
        if turns[-1]["role"] == role:  # templates of larger models insist on taking turns
            turns[-1]["content"] += f"\n\n{text}"
        else:
            turns.append({"role": role, "content": text})
    if not rules and isinstance(messages[-1], ToolMessage):
        turns[-1]["content"] += f"\n\n{_CLOSING}"
    return turns


def _message(written: Written, spent: list[Completion], model_name: str) -> AIMessage:
    read_, wrote = sum(done.input_tokens for done in spent), sum(done.output_tokens for done in spent)
    id_ = f"call_{secrets.token_hex(8)}"
    calls, invalid = [], []
    if written.args is not None:
        calls = [ToolCall(name=written.tool, args=dict(written.args), id=id_, type="tool_call")]
    elif written.broken:
        error = "It was cut off by the bound on the model's tokens."
        invalid = [
            InvalidToolCall(name=written.tool, args=written.broken, id=id_, error=error, type="invalid_tool_call")
        ]
    return AIMessage(
        content=written.answer,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=UsageMetadata(input_tokens=read_, output_tokens=wrote, total_tokens=read_ + wrote),
        response_metadata={
            "model_name": model_name,
            "finish_reason": "tool_calls" if calls else "length" if spent[-1].cut else "stop",
        },
    )
