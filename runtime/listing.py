"""The checkpoints of a thread, or of all threads, one after the other."""

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, get_checkpoint_id

from lockgate.runtime.reading import Reader, head
from lockgate.runtime.segment import Segment


async def listed(
    reader: Reader,
    config: RunnableConfig | None,
    wanted: Mapping[str, Any],
    before: str | None,
    limit: int | None,
) -> list[CheckpointTuple]:
    """The checkpoints that `config` and the metadata `wanted` select, newest first, at most `limit`."""
    where = config["configurable"] if config else {}
    if "thread_id" in where:
        threads = [str(where["thread_id"])]
    else:
        threads = await reader.threads()
    found: list[CheckpointTuple] = []
    for thread_id in threads:
        most = limit if len(threads) == 1 else None
        found += await _of(reader, thread_id, where.get("checkpoint_ns"), _Choice(config, wanted, before), most)
    if len(threads) > 1:
        found.sort(key=lambda item: item.checkpoint["id"], reverse=True)
    return found if limit is None else found[:limit]


class _Choice:
    def __init__(self, config: RunnableConfig | None, wanted: Mapping[str, Any], before: str | None) -> None:
        self.only = get_checkpoint_id(config) if config else None
        self.wanted = wanted
        self.before = before

    def may_take(self, checkpoint_id: str) -> bool:
        return (not self.only or checkpoint_id == self.only) and (not self.before or checkpoint_id < self.before)

    def takes(self, found: CheckpointTuple) -> bool:
        return _holds(found.metadata, self.wanted)


def _holds(value: Any, wanted: Any) -> bool:
    """Whether `value` holds what is `wanted`, as Postgres' `@>` would say."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(k in value and _holds(value[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_holds(item, one) for item in value) for one in wanted)
    return bool(value == wanted)


async def _of(reader: Reader, thread_id: str, ns: str | None, choice: _Choice, limit: int | None) -> list[Any]:
    found: list[CheckpointTuple] = []
    seen: set[tuple[str, str]] = set()
    by_id = await _by_id(reader, thread_id, ns) if limit is None else None
    async for row in reader.rows(thread_id, ns=ns):
        for saved in reversed(row.segment.saved):
            place = saved.ns, saved.checkpoint_id
            if place in seen or (ns is not None and saved.ns != ns) or not choice.may_take(saved.checkpoint_id):
                continue
            seen.add(place)
            if by_id is None:
                whole = await reader.at(thread_id, saved.ns, saved.checkpoint_id) or head(saved, [row.segment])
            else:
                whole = head(saved, by_id[saved.checkpoint_id])
            item = await reader.tuple(thread_id, whole)
            if choice.takes(item):
                found.append(item)
            if limit is not None and len(found) >= limit:
                return found
    return found


async def _by_id(reader: Reader, thread_id: str, ns: str | None) -> dict[str, list[Segment]]:
    """The segments, oldest first, that hold something of each checkpoint; cheaper than to ask for one after another."""
    found: dict[str, list[Segment]] = {}
    for row in reversed([row async for row in reader.rows(thread_id, ns=ns)]):
        for checkpoint_id in row.segment.touched:
            found.setdefault(checkpoint_id, []).append(row.segment)
    return found
