"""From names in files and on the command line to objects: modules, tools, policies, models."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from lockgate.guardrails import Policy
    from lockgate.tools import ToolRegistry


def load(where: str, folder: str) -> Any:
    """The object that `module:attribute` or `file.py:attribute` names; `folder` is on the import path.

    Raises ConfigError when it cannot be imported, UnknownNameError when the module has no such attribute.
    """
    place, _, attribute = where.rpartition(":")
    if not place or not attribute:
        raise ConfigError(f"{where!r} is not of the form module:attribute.", "Such as my_agents:graph.")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = _from_file(Path(folder) / place) if place.endswith(".py") else import_module(place)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{place!r} cannot be imported: {type(error).__name__}: {error}.", f"Looked in {folder} and sys.path."
        ) from error
    found = module
    for name in attribute.split("."):
        if not hasattr(found, name):
            public = [known for known in vars(module) if not known.startswith("_")]
            raise UnknownNameError.of(f"name in {place}", attribute, public)
        found = getattr(found, name)
    return found


def _from_file(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"There is no file {path}.", "A graph in a file is named as path/to/file.py:graph.")
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_tools(names: tuple[str, ...], folder: str) -> "ToolRegistry":
    """The tools that `names` (`module:attribute` of a registry, a list or a tool) hold.

    The name `builtin` stands for the built-in ones, which stay inside `folder`.
    """
    from lockgate.spec import ToolSpec
    from lockgate.tools import ToolRegistry
    from lockgate.tools.builtin import builtin_tools

    found: list[Any] = []
    for name in names:
        item = builtin_tools(folder) if name == "builtin" else load(name, folder)
        if isinstance(item, ToolSpec) or not isinstance(item, (Mapping, list, tuple, set)):
            found.append(item)
        else:
            found.extend(item.values() if isinstance(item, Mapping) else item)
    return ToolRegistry(found)


def load_policy(name: str, folder: str) -> "Policy":
    """The policy of a file (relative paths in `folder`), or of the shipped pack called `name`. Raises PolicyError."""
    from lockgate.guardrails import Policy, shipped_packs

    return Policy.load(name if name in shipped_packs() else Path(folder) / Path(name).expanduser())


def absolute(spec: str, folder: Path) -> str:
    """A model spec, with what names a file made absolute, since a later process may stand elsewhere."""
    kind, colon, name = spec.partition(":")
    if colon and name and kind in ("scripted", "local"):
        return f"{kind}:{folder / Path(name).expanduser()}"
    return spec
