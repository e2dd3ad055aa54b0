"""Chat models: any provider's by name, a scripted one for tests and demos, and a small local one without a key."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.models.local import LocalModel
    from lockgate.models.opening import open_model
    from lockgate.models.pulling import CATALOG, pull, pulled
    from lockgate.models.scripted import Branch, ScriptedModel, When

_HOME = {
    "CATALOG": "pulling",
    "Branch": "scripted",
    "LocalModel": "local",
    "ScriptedModel": "scripted",
    "When": "scripted",
    "open_model": "opening",
    "pull": "pulling",
    "pulled": "pulling",
}

__all__ = ["CATALOG", "Branch", "LocalModel", "ScriptedModel", "When", "open_model", "pull", "pulled"]


def __getattr__(name: str) -> Any:
    if home := _HOME.get(name):
        return getattr(import_module(f"lockgate.models.{home}"), name)
    raise AttributeError(f"module 'lockgate.models' has no attribute {name!r}")
