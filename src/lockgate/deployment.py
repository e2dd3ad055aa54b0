"""`Deployment`: what the steps of a thread depend on besides its state: graph, policies, tools, keys of the state.

Each checkpoint names its deployment by digest, and the database keeps the parts of each, once. So a resume after a
deploy can say what has changed, instead of dropping work that no node of the new graph is there for.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from lockgate.decision import canonical_json

METADATA = "lockgate_deployment"
"""Key of the checkpoints' metadata that holds the digest."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """`parts` by name, such as `node review:human_review`, `tool refund`, `policy react`, `key messages`.

    The value of a part is a digest or a short text; it differs when the part has changed.
    """

    parts: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits over all parts."""
        return hashlib.sha256(canonical_json(dict(self.parts)).encode()).hexdigest()[:16]

    def changes_since(self, before: "Deployment") -> list[str]:
        """What has changed, a sentence a part; what is gone comes first. A member of a team is one part."""
        gone = [f"{name} is gone" for name in _only(before.parts, self.parts)]
        new = [f"{name} is new" for name in _only(self.parts, before.parts)]
        other = [f"{n} has changed" for n, v in self.parts.items() if n in before.parts and before.parts[n] != v]
        return [*gone, *other, *new]


def _only(parts: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    """The parts that the others lack; one whose whole agent they lack is told as that agent."""
    there = {agent for name in others for agent in _agents(name)}
    lacking = [next((a for a in _agents(n) if a not in there), n) for n in parts if n not in others]
    return list(dict.fromkeys(lacking))


def _agents(name: str) -> list[str]:
    """Whom a part belongs to, from the outermost on: `dispatch/clerk` for `tool dispatch/clerk/refund`."""
    path = name.partition(" ")[2].split("/")[:-1]
    return ["/".join(path[:length]) for length in range(1, len(path) + 1)]


_known: dict[str, Deployment] = {}
_guard = Lock()


def remember(deployment: Deployment) -> str:
    """Keeps it for this process, so that whoever stores its digest can store its parts too. Returns the digest."""
    with _guard:
        return _known.setdefault(deployment.digest, deployment).digest


def remembered(digest: str) -> Deployment | None:
    """The deployment of this process with that digest."""
    return _known.get(digest)
