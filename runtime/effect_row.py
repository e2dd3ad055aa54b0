"""One row of `effects`: what of it stands in the clear, and how the rest is closed.

Arguments, result and evidence are bound to what the row says of its effect, the result also to the status and the
attempt it came of. So a row that was changed in any of these, or holds a piece of another, is told from one that was
written. With encryption the key and the digest stand as tokens: those of a call that can be guessed would confirm it.
"""

from dataclasses import dataclass, replace
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.effect import FINAL, Effect, EffectStatus
from lockgate.errors import CorruptRowError, StoreError
from lockgate.result import ToolResult
from lockgate.runtime.seal import Seal
from lockgate.text import clean

DIGITS = 64
"""Length of an effect's key. A longer one is what stands for it under encryption."""
LEGACY = b"value"
"""What pieces were bound to that are older than this."""


def stored_key(key: str, seal: Seal) -> str:
    """How the ledger and the audit log name the effect."""
    return seal.data.digits(key, "effect") if key and seal.data else key


def keys(key: str, seal: Seal) -> list[str]:
    """How its row may name it: one from before there was encryption keeps its key."""
    return list(dict.fromkeys((stored_key(key, seal), key)))


def about(effect: Effect, part: str) -> bytes:
    """What a piece of the row belongs to."""
    head = (effect.key, effect.thread_id, effect.run_id, effect.call_id, effect.agent, effect.tool, effect.digest)
    return "\0".join(("effect", part, *map(clean, (*head, effect.undo_of)))).encode("utf-8", "surrogatepass")


def of_result(effect: Effect) -> bytes:
    """What its result belongs to."""
    return about(effect, f"result of attempt {effect.attempt}, {effect.status}")


def and_(*sentences: str) -> str:
    """The sentences, each once, a line each."""
    return "\n".join(dict.fromkeys(sentence for sentence in sentences if sentence))


@dataclass(frozen=True, slots=True)
class EffectRows:
    """Writes and reads rows; arguments and results as `serde` has them."""

    serde: SerializerProtocol
    seal: Seal

    def head(self, effect: Effect) -> tuple[Any, ...]:
        """The first columns, from `key` to `undo_of`."""
        named = (effect.thread_id, effect.run_id, clean(effect.call_id), clean(effect.agent), effect.tool)
        encoding, args = self.serde.dumps_typed(effect.args)
        return (
            stored_key(effect.key, self.seal),
            *named,
            self.seal.token(effect.digest, "digest"),
            encoding,
            self.seal.close(args, about(effect, "args")),
            stored_key(effect.undo_of, self.seal),
        )

    def result(self, effect: Effect) -> tuple[str | None, bytes | None]:
        """The columns of its result."""
        if effect.result is None:
            return None, None
        encoding, data = self.serde.dumps_typed(effect.result)
        return encoding, self.seal.close(data, of_result(effect))

    def text(self, effect: Effect, part: str, text: str) -> str:
        """The column `part`, which holds a text."""
        return self.seal.close_text(text, about(effect, part))

    def effect(self, row: dict[str, Any]) -> Effect:
        """The effect of a row. What cannot be read is left out, and the evidence says so."""
        read = {name: value for name, value in row.items() if name not in _STORED}
        faults: list[str] = []
        for name, value in (("key", row["key"]), ("undo_of", row["undo_of"])):
            read[name] = self._or(faults, name, value, self._key)
        read["digest"] = self._or(faults, "digest", row["digest"], lambda text: self.seal.untoken(text, "digest"))
        try:
            status = EffectStatus(row["status"])
        except ValueError:
            status = EffectStatus.UNKNOWN
            faults.append(f"Its status {row['status']!r} is not known to this version.")
        effect = Effect(**read, status=status)
        texts = {
            name: self._or(faults, name, row[name], lambda text, name=name: self._text(effect, name, text))
            for name in ("evidence", "settled_by")
        }
        args = self._value(faults, "arguments", row["args_type"], row["args"], about(effect, "args"), dict)
        result = None
        if status in FINAL:
            result = self._value(faults, "result", row["result_type"], row["result"], of_result(effect), ToolResult)
        evidence = and_(texts["evidence"], *faults)
        return replace(effect, args=args, result=result, evidence=evidence, settled_by=texts["settled_by"])

    def forms(self, stored: str) -> list[str]:
        """How other rows may name the effect that its own row names so; a key that does not open names none."""
        try:
            return keys(self._key(stored), self.seal)
        except StoreError:
            return [stored]

    def _key(self, stored: str) -> str:
        if len(stored) <= DIGITS:
            return stored
        if self.seal.data is None:
            raise StoreError("it is encrypted and there is no key")
        return self.seal.data.of_digits(stored, "effect")

    def _text(self, effect: Effect, part: str, text: str) -> str:
        return self.seal.open_text(text, about(effect, part))

    def _or(self, faults: list[str], what: str, stored: str, read: Any) -> str:
        """What `read` makes of it; what it cannot read stays as it stands there, and is named."""
        try:
            return str(read(stored))
        except StoreError as error:
            faults.append(f"Its {what.replace('_', ' ')} in the ledger cannot be read: {error.message}.")
            return stored

    def _value(
        self, faults: list[str], what: str, encoding: str | None, data: bytes | None, place: bytes, kind: type
    ) -> Any:
        if encoding is None or data is None:
            return None
        try:
            value = self.serde.loads_typed((encoding, self.opened(data, place)))
        except Exception as error:  # noqa: BLE001 - a damaged row is named, and harms nothing else
            faults.append(f"Its {what} in the ledger cannot be read: {type(error).__name__}.")
            return None
        if not isinstance(value, kind):
            faults.append(f"Its {what} in the ledger is a {type(value).__name__}.")
            return None
        return value

    def opened(self, data: bytes, place: bytes) -> bytes:
        """What a piece holds, also one from before pieces were bound to their effect. Raises as `Seal.open` does."""
        try:
            return self.seal.open(data, place)
        except CorruptRowError:
            return self.seal.open(data, LEGACY)


_STORED = frozenset(
    {"key", "undo_of", "digest", "args", "args_type", "result", "result_type", "claimant", "fence", "status",
     "evidence", "settled_by"}
)  # fmt: skip
