"""Reads the header of a GGUF file: enough to know that it is one, and which of its tokens steer the model.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from pathlib import Path
from typing import IO, Any

from lockgate.errors import ConfigError

_MAX_TEXT = 1 << 24
_MAX_ITEMS = 1 << 22
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_STEERING = {2, 3}
"""Kinds of token, unknown and control, that text is never turned into unless special tokens are asked for."""


def control_tokens(path: Path) -> list[str]:
    """The texts that would steer the model if they were read as tokens, such as `<|im_start|>`, longest first.

    Raises ConfigError when `path` is no GGUF file or its header is damaged.
    """
    try:
        with path.open("rb") as file:
            header = _header(file)
    except OSError as error:
        raise ConfigError(f"Cannot read the model {path}: {error.strerror}.", "Check the path.") from None
    except (ValueError, struct.error) as error:
        raise ConfigError(f"{path} is not a whole GGUF file: {error}.", "Fetch it again.") from None
    tokens, kinds = header.get("tokenizer.ggml.tokens", []), header.get("tokenizer.ggml.token_type", [])
    if not isinstance(tokens, list) or not isinstance(kinds, list | tuple):
        raise ConfigError(f"{path} has a damaged vocabulary.", "Fetch it again.")
    steering = {text for text, kind in zip(tokens, kinds, strict=False) if kind in _STEERING and text}
    return sorted(steering, key=lambda text: (-len(text), text))


def _header(file: IO[bytes]) -> dict[str, Any]:
    magic, version, _tensors, pairs = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF":
        raise ValueError("it does not start with GGUF")
    if version not in {2, 3}:
        raise ValueError(f"it is of version {version}")
    if pairs > _MAX_ITEMS:
        raise ValueError("its header is too large")
    header: dict[str, Any] = {}
    for _ in range(pairs):
        key = _text(file)
        header[key] = _value(file, *struct.unpack("<I", file.read(4)))
    return header


def _value(file: IO[bytes], kind: int, depth: int = 0) -> Any:
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST and depth == 0:
        of, count = struct.unpack("<IQ", file.read(12))
        if count > _MAX_ITEMS:
            raise ValueError("a list in its header is too long")
        if of in _SCALARS:
            form = f"<{count}{_SCALARS[of]}"
            return struct.unpack(form, file.read(struct.calcsize(form)))
        return [_value(file, of, depth + 1) for _ in range(count)]
    if kind not in _SCALARS:
        raise ValueError(f"its header holds a value of the unknown kind {kind}")
    form = f"<{_SCALARS[kind]}"
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _text(file: IO[bytes]) -> str:
    (size,) = struct.unpack("<Q", file.read(8))
    if size > _MAX_TEXT:
        raise ValueError("a text in its header is too long")
    data = file.read(size)
    if len(data) < size:
        raise ValueError("its header ends too soon")
    return data.decode(errors="replace")
