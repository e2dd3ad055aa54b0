"""Names of threads: readable ones for new threads, and a look at those a person gives."""

import secrets

from lockgate.errors import ConfigError

_FIRST = (
    "amber bold brave brisk calm clear cosy crisp dusky eager early fair fleet fresh gentle glad golden grand hardy "
    "keen kind late light lively lucky mellow merry mild neat noble plain proud quick quiet ready silver sunny warm "
)
_SECOND = (
    "badger bear beaver bison crane deer dove duck eagle elk falcon finch fox gull hare hawk heron ibis kite lark "
    "lynx marten mole moose newt otter owl panda pike plover puffin raven robin seal shrew stork swan swift tern "
    "trout vole "
)
MAX_NAME = 200
"""Characters."""


def fresh_name() -> str:
    """Such as `calm-heron-3f2a91`: one of some 26 thousand million."""
    return f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}-{secrets.token_hex(3)}"


def sound_name(name: str) -> str:
    """`name` if it can name a thread; raises ConfigError."""
    if not name.isprintable() or not name.strip() or name.startswith("-") or len(name) > MAX_NAME:
        raise ConfigError(f"{name[:50]!r} cannot name a thread.", f"Use up to {MAX_NAME} printable characters.")
    return name
