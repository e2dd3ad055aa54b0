"""`Launch`: what a run is started with, recorded with the thread so that any later process rebuilds the same graph."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.errors import ConfigError
from lockgate.graphs.loading import absolute
from lockgate.ports import Caller

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

METADATA = "lockgate"
"""Key of the checkpoints' metadata that holds a launch, as JSON: LangGraph keeps only plain values there."""
DEFAULT_POLICY = "starter"
TEAM = (".yaml", ".yml")
"""How the name of a team's file ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Names, not objects: each is looked up again when the graph is rebuilt, relative paths in `folder`.

    `tools` are `module:attribute`, none for the built-in ones, which stay inside `folder`. It holds no secrets.
    """

    graph: str
    folder: str
    model: str = ""
    base_url: str = ""
    policy: str = ""
    tools: tuple[str, ...] = ()
    max_iterations: int | None = None
    user: str = ""
    roles: tuple[str, ...] = ()

    def metadata(self) -> dict[str, str]:
        """What goes into the metadata of every checkpoint. A base URL with a password in it stays out."""
        kept = replace(self, base_url="") if "@" in self.base_url else self
        return {METADATA: json.dumps({name: value for name, value in asdict(kept).items() if value})}

    @classmethod
    def parse(cls, metadata: Mapping[str, Any]) -> "Launch | None":
        """The launch that a checkpoint's metadata holds, if it does."""
        try:
            stored = json.loads(metadata[METADATA])
            known = {field.name for field in fields(cls)}
            data = {name: value for name, value in stored.items() if name in known}
            for name in ("tools", "roles"):
                data[name] = tuple(data.get(name, ()))
            return cls(**data)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def changed(self, **overrides: Any) -> "Launch":
        """The same launch with what was given on the command line in place of what was recorded."""
        given = {name: value for name, value in overrides.items() if value not in (None, "", ())}
        if "model" in given and "base_url" not in given:
            given["base_url"] = ""
        return replace(self, **given)

    @property
    def is_team(self) -> bool:
        """Whether the graph is a team that a YAML file declares."""
        return self.graph.endswith(TEAM)

    @property
    def caller(self) -> Caller:
        """On whose behalf the agent acts."""
        return Caller(user=self.user, roles=frozenset(self.roles))

    async def build(self, saver: "BaseCheckpointSaver[Any] | None") -> "CompiledStateGraph[Any, Any, Any, Any]":
        """The compiled graph. Raises ConfigError, UnknownNameError or BypassError."""
        from lockgate.cli.target import assemble

        return await assemble(self, saver)


def here(
    graph: str,
    *,
    model: str = "",
    base_url: str = "",
    policy: str = "",
    tools: tuple[str, ...] = (),
    max_iterations: int | None = None,
    user: str = "",
    roles: tuple[str, ...] = (),
) -> Launch:
    """The launch from this folder, with the settings in place of what was not given."""
    from lockgate.settings import settings

    folder = Path.cwd()
    chosen = settings()
    if policy and graph.endswith(TEAM):
        raise ConfigError("A team's file says its policy itself.", "Leave --policy out.")
    return Launch(
        graph=graph,
        folder=str(folder),
        model=absolute(model or chosen.model, folder),
        base_url=base_url or chosen.model_base_url,
        policy=policy or ("" if graph.endswith(TEAM) else chosen.policy),  # a team names its own
        tools=tools,
        max_iterations=max_iterations,
        user=user,
        roles=roles,
    )


def load_policy(name: str, folder: str) -> Any:
    """The policy of a file or of a shipped pack; `starter` without a name."""
    from lockgate.graphs import loading

    return loading.load_policy(name or DEFAULT_POLICY, folder)


def recorded(metadata: Mapping[str, Any], thread_id: str, graph: str = "") -> Launch:
    """The launch of a thread. `graph` stands in for it when none was recorded."""
    found = Launch.parse(metadata)
    if found is not None:
        return found
    if graph:
        return here(graph)
    raise ConfigError(
        f"Thread {thread_id!r} was not started by `lockgate run`, so its graph is not known.",
        f"Name it: lockgate resume {thread_id} --graph module:attribute",
    )
