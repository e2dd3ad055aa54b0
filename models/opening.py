"""`open_model`: a chat model from its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lockgate.errors import ConfigError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

CHOICES = (
    "openai:NAME, anthropic:NAME or another provider's",
    "openai:NAME with a base URL for any OpenAI-compatible server",
    "local",
    "local:PATH.gguf",
    "scripted:FILE.yaml",
)
_NO_KEY = "not-needed"
"""What servers that ask for no key are sent."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider needs: a package and, in `key`, the variable of its key (empty: it has no single one)."""

    package: str
    key: str = ""
    extra: str = ""


PROVIDERS: Mapping[str, Provider] = {
    "anthropic": Provider("langchain-anthropic", "ANTHROPIC_API_KEY", "anthropic"),
    "anthropic_bedrock": Provider("langchain-aws"),
    "azure_ai": Provider("langchain-azure-ai"),
    "azure_openai": Provider("langchain-openai", "AZURE_OPENAI_API_KEY", "openai"),
    "baseten": Provider("langchain-baseten", "BASETEN_API_KEY"),
    "bedrock": Provider("langchain-aws"),
    "bedrock_converse": Provider("langchain-aws"),
    "bedrock_mantle_anthropic": Provider("langchain-aws"),
    "bedrock_mantle_openai": Provider("langchain-aws"),
    "cohere": Provider("langchain-cohere", "COHERE_API_KEY"),
    "deepseek": Provider("langchain-deepseek", "DEEPSEEK_API_KEY"),
    "fireworks": Provider("langchain-fireworks", "FIREWORKS_API_KEY"),
    "google_anthropic_vertex": Provider("langchain-google-vertexai"),
    "google_genai": Provider("langchain-google-genai"),
    "google_vertexai": Provider("langchain-google-vertexai"),
    "groq": Provider("langchain-groq", "GROQ_API_KEY"),
    "huggingface": Provider("langchain-huggingface"),
    "ibm": Provider("langchain-ibm"),
    "langsmith": Provider("langchain-openai", "", "openai"),
    "litellm": Provider("langchain-litellm"),
    "meta": Provider("langchain-meta"),
    "mistralai": Provider("langchain-mistralai", "MISTRAL_API_KEY"),
    "nvidia": Provider("langchain-nvidia-ai-endpoints", "NVIDIA_API_KEY"),
    "ollama": Provider("langchain-ollama"),
    "openai": Provider("langchain-openai", "OPENAI_API_KEY", "openai"),
    "openrouter": Provider("langchain-openrouter", "OPENROUTER_API_KEY"),
    "perplexity": Provider("langchain-perplexity"),
    "together": Provider("langchain-together", "TOGETHER_API_KEY"),
    "upstage": Provider("langchain-upstage", "UPSTAGE_API_KEY"),
    "xai": Provider("langchain-xai", "XAI_API_KEY"),
}
"""The providers of `init_chat_model`; a test holds this table against it."""


def open_model(spec: "str | BaseChatModel", *, base_url: str = "", **kwargs: Any) -> "BaseChatModel":
    """The chat model that `spec` names; one that is a chat model already is returned as it is.

    `spec` is `provider:name` (through LangChain's `init_chat_model`), `local`, `local:PATH.gguf` or
    `scripted:FILE.yaml`. `base_url` is where an OpenAI-compatible server listens; a key in the environment is sent
    there, and without one none is asked for. It has no meaning for `local` and `scripted`. `kwargs` go to the model.

    Nothing is sent over a network. Raises ConfigError (no name, no key, a wrong URL or option),
    UnknownNameError (provider) or MissingExtraError (its package is not installed).
    """
    if not isinstance(spec, str):
        return _made(spec, kwargs)
    kind, _, name = spec.strip().partition(":")
    if not kind:
        raise ConfigError("No model is named.", f"Name one: {'; '.join(CHOICES)}.")
    if kind == "scripted" and name:
        from lockgate.models.scripted import ScriptedModel

        return ScriptedModel.from_file(Path(name).expanduser(), **kwargs)
    if kind == "local":
        from lockgate.models.local import LocalModel

        return LocalModel(name or None, **kwargs)
    provider = kind.replace("-", "_").lower()
    if provider not in PROVIDERS and (not name or kind == "scripted"):
        raise ConfigError(f"{spec[:200]!r} does not name a model.", f"The forms are: {'; '.join(CHOICES)}.")
    if provider not in PROVIDERS:
        raise UnknownNameError.of("model provider", kind, [*PROVIDERS, "local", "scripted"])
    if not name:
        raise ConfigError(f"{spec!r} names a provider but no model.", f"Write {provider}:NAME.")
    return _open(provider, name, base_url, kwargs)


def _made(spec: Any, kwargs: Mapping[str, Any]) -> "BaseChatModel":
    from langchain_core.language_models import BaseChatModel

    if not isinstance(spec, BaseChatModel):
        raise ConfigError(f"A model is a name or a LangChain chat model, not {type(spec).__name__}.")
    if kwargs:
        raise ConfigError(f"{', '.join(kwargs)}: the model is made already.", "Set them where it is made.")
    return spec


def _open(provider: str, name: str, base_url: str, options: Mapping[str, Any]) -> "BaseChatModel":
    facts = PROVIDERS[provider]
    if find_spec(facts.package.replace("-", "_")) is None:
        if facts.extra:
            raise MissingExtraError.of(facts.extra, f"A model of {provider}")
        raise MissingExtraError(f"A model of {provider} needs a package.", f"Install it: pip install {facts.package}")
    options = dict(options)
    if base_url:
        options["base_url"] = _url(base_url)
    if facts.key and not any(name.endswith("api_key") for name in options):
        key = os.environ.get(facts.key, "")
        if key != key.strip() or not key.isprintable():
            raise ConfigError(f"{facts.key} holds spaces or line breaks around the key.", "Set it again.")
        if not key and base_url:
            options["api_key"] = _NO_KEY
        elif not key:
            raise ConfigError(f"No key for {provider}.", f"Set {facts.key} in the environment, or try: --model local")
    from langchain.chat_models import init_chat_model

    try:
        model: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except Exception as error:  # noqa: BLE001 - each provider's class has errors of its own
        # `from None`, and no input shown: a key may be among it.
        secrets = [os.environ.get(facts.key, ""), *(_plain(options[name]) for name in options if name.endswith("key"))]
        raise ConfigError(
            f"{provider}:{name} cannot be opened: {_told(error, secrets)}", "Check its options."
        ) from None
    return model


def _plain(secret: Any) -> str:
    return str(secret.get_secret_value() if hasattr(secret, "get_secret_value") else secret)


def _url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        wrong = True
    if wrong:
        raise ConfigError("The base URL is not an http or https address.", "It looks like http://127.0.0.1:8000/v1")
    return base_url


def _told(error: Exception, secrets: list[str]) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        text = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
    else:
        text = f"{type(error).__name__}: {error}"
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text[:500]
