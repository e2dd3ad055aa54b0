"""Private data and secrets: what finds them, and what is done about them in each place."""

from functools import cache
from typing import Any

from lockgate.passage import Place

__all__ = ["redacted", "revealed"]


def redacted(value: Any, place: Place = Place.AUDIT) -> Any:
    """A text or JSON value as it may stand in `place` by the defaults: for logs and records, in one line.

    Where a policy is at hand, `policy.sections.privacy.redacted` does it as the policy says.
    """
    return _defaults().redacted(value, place)


def revealed(text: str, thread: str) -> str:
    """`text` with the tokens of `thread` replaced by their values, for a person who may read them; others stay.

    Raises ConfigError when there is no privacy key.
    """
    from lockgate.guardrails.privacy.vault import TOKEN, vault

    return TOKEN.sub(lambda match: vault().value(match, thread) or match.group(), text)


@cache
def _defaults() -> Any:
    from lockgate.guardrails.privacy.section import Privacy

    return Privacy()
