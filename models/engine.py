"""One loaded GGUF model in this process, on llama.cpp through xllamacpp."""

import os
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lockgate.errors import MissingExtraError, ModelError
from lockgate.models.gguf import control_tokens

_QUIET = -1
"""llama.cpp's log level below which nothing is printed."""
_DRY = 0.8
"""Against running in circles in free text, as the authors of the DRY sampler advise; a grammar has bounds instead."""
_SMALL_MACHINE = 2
_MAX_THREADS = 8
"""Beyond this a small model gains nothing: decoding is bound by memory bandwidth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model wrote; `cut` says that it was stopped by the bound on its tokens."""

    text: str
    input_tokens: int
    output_tokens: int
    cut: bool


def default_threads() -> int:
    """1 on a machine of one or two cores, which has other work to do; else the physical cores, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if cores <= _SMALL_MACHINE else min(cores // 2, _MAX_THREADS)


class Engine:
    """A model in memory. One inference runs at a time; others wait their turn.

    llama.cpp always opens a port on loopback. It is guarded by a random key, and nobody is told the key.
    """

    def __init__(self, path: Path, *, n_ctx: int, n_threads: int) -> None:
        """Loads the model: `n_ctx` in tokens. Raises MissingExtraError, ConfigError or ModelError; prints nothing."""
        try:
            import xllamacpp
        except ImportError:
            raise MissingExtraError.of("local", "A local model") from None
        self._control = _either(control_tokens(path))
        self._lock = threading.Lock()
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = n_ctx
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
        params.n_threads_http = 1
        params.verbosity = _QUIET
        params.warmup = False
        params.offline = True
        params.ui = params.endpoint_slots = False
        params.cache_ram_mib = 0
        params.api_keys = [secrets.token_hex()]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError:
            raise ModelError(
                f"llama.cpp cannot load {path}.", "Is there memory for it? Try another GGUF file."
            ) from None

    def neutral(self, text: str) -> str:
        """`text` with every control token broken by a space, so that it is read as the characters it is made of.

        Otherwise a tool's output that holds `<|im_end|>` could end its own message and speak as someone else.
        """
        text = text.encode(errors="replace").decode()
        if self._control is None or not self._control.search(text):
            return text
        text = self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        while self._control.search(text):  # a space did not break it, so out with it
            text = self._control.sub("", text)
        return text

    def complete(
        self,
        messages: list[dict[str, str]],
        *,
        grammar: str = "",
        max_tokens: int,
        temperature: float,
        stop: list[str] | None = None,
        emit: Callable[[str], bool],
    ) -> Completion:
        """Writes on after `messages` (`{"role", "content"}`, content already neutral).

        `emit` gets each piece as it is written; once it returns True the model stops. It is asked before the
        first token too. `grammar` is Lark as llguidance reads it. Raises ModelError when the request is refused.
        """
        request: dict[str, Any] = {
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            "cache_prompt": True,
            "seed": 0,
            "dry_multiplier": 0 if grammar else _DRY,
        }
        if grammar:
            request["grammar"] = grammar
        if stop:
            request["stop"] = stop
        pieces: list[str] = []
        end: dict[str, Any] = {}

        def receive(chunk: dict[str, Any]) -> bool:
            end.update({key: chunk[key] for key in ("error", "usage") if key in chunk})
            for choice in chunk.get("choices", ()):
                end["reason"] = choice.get("finish_reason") or end.get("reason")
                if piece := choice["delta"].get("content"):
                    pieces.append(piece)
                    return emit(piece)
            return emit("")

        with self._lock:
            if not emit(""):
                self._server.handle_chat_completions(request, receive)
        if error := end.get("error"):
            raise _refused(error)
        usage = end.get("usage", {})
        return Completion(
            text="".join(pieces),
            input_tokens=usage.get("prompt_tokens", 0),
            output_tokens=usage.get("completion_tokens", len(pieces)),
            cut=end.get("reason") == "length",
        )


_loading = threading.Lock()


def engine(path: Path, *, n_ctx: int, n_threads: int) -> Engine:
    """The loaded model, shared by all who ask for the same file and sizes; the last two asked for are kept."""
    with _loading:
        return _loaded(path, n_ctx, n_threads, path.stat().st_mtime)


@lru_cache(maxsize=2)
def _loaded(path: Path, n_ctx: int, n_threads: int, _changed: float) -> Engine:
    return Engine(path, n_ctx=n_ctx, n_threads=n_threads)


def _either(texts: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, texts))) if texts else None


def _refused(error: dict[str, Any]) -> ModelError:
    if error.get("type") == "exceed_context_size_error":
        return ModelError(
            f"The conversation is {error.get('n_prompt_tokens')} tokens long, the local model holds "
            f"{error.get('n_ctx')}.",
            "Shorten it, or raise n_ctx.",
        )
    return ModelError(f"The local model refused: {str(error.get('message'))[:300]}")
