"""Settings from the environment and from `lockgate.toml` in the working folder; the environment wins."""

import os
import tempfile
from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lockgate.deadline import MAX_SECONDS
from lockgate.errors import ConfigError

FILE = "lockgate.toml"


def default_data_dir() -> Path:
    """Where Lockgate keeps its database.

    As root it is never under a home folder: the embedded Postgres then runs as a user of its own and has to
    open up every parent of its data folder.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path(tempfile.gettempdir() if not os.access("/var/lib", os.W_OK) else "/var/lib") / "lockgate"
    from platformdirs import user_data_path

    return user_data_path("lockgate")


class Settings(BaseSettings):
    """Everything a deployer may set. `LOCKGATE_MODEL=...` in the environment sets `model`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="LOCKGATE_", toml_file=FILE, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr | None = Field(
        None, validation_alias=AliasChoices("DATABASE_URL", "LOCKGATE_DATABASE_URL", "database_url")
    )
    """Postgres to use; without one the embedded Postgres is started in `data_dir`."""
    data_dir: Path = Field(default_factory=default_data_dir)
    model: str = ""
    """`provider:name`, `local`, `local:PATH.gguf` or `scripted:FILE.yaml`."""
    model_base_url: str = ""
    """Base URL of an OpenAI-compatible server."""
    privacy_key: SecretStr | None = None
    """Under which private data is tokenised and hashed; only policies that do so need it."""
    policy: str = ""
    """Path of a policy pack or the name of a shipped one."""
    max_iterations: int = Field(20, ge=1, le=1_000)
    """Model calls for one user message."""
    max_input: int = Field(200_000, ge=1)
    """Bytes of UTF-8 text in one user message."""
    deadline: float | None = Field(None, gt=0, le=MAX_SECONDS, allow_inf_nan=False)
    """Seconds that a run may take at most, waiting for people included; None: any."""
    pool_size: int = Field(8, ge=1, le=200)
    """Connections to Postgres for each event loop."""

    every_step: bool = False
    """Write each step of a run by itself, for time travel, instead of gathering those that only compute."""
    encryption_keys: SecretStr | None = None
    """Encrypts what is stored: `ID=BASE64_OF_32_BYTES`, several with commas; the first encrypts, all decrypt."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Raises ConfigError that names the field at fault."""
    return load()


def load() -> Settings:
    """Reads the settings afresh."""
    import tomllib

    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"Settings are wrong: {faults}.", f"Mend the environment or {FILE}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is not valid TOML: {error}.", "Mend the file.") from None
