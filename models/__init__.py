"""Chat models: any provider's by name, a scripted one for tests and demos, and a small local one without a key."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.models.local import LocalModel
    from lockgate.models.opening import open_model
    from lockgate.models.pull import CATALOG, pull, pulled

    from lockgate.models.scripted import Branch, ScriptedModel, When

_HOME = {
    "CATALOG": "pull",
    "Branch": "scripted",
    "LocalModel": "local",
    "ScriptedModel": "scripted",
    "When": "scripted",
    "open_model": "opening",
    "pull": "pull",
    "pulled": "pull",
}

__all__ = ["CATALOG", "Branch", "LocalModel", "ScriptedModel", "When", "open_model", "pull", "pulled"]


def __getattr__(name: str) -> Any:
    if home := _HOME.get(name):
        value = getattr(import_module(f"lockgate.models.{home}"), name)
        globals()[name] = value  # also undoes what importing a submodule of the same name, `pull`, has set
        return value
    raise AttributeError(f"module 'lockgate.models' has no attribute {name!r}")
