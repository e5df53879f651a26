"""Typed settings from the environment, read once at start; an invalid one stops the service."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NoReturn, TypeVar

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+", strip_whitespace=True)]
LogLevel = Literal["debug", "info", "warning", "error"]
Environment = Literal["local", "development", "production"]


def _listed(value: object) -> object:
    """The parts of a string in which commas separate them."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _host(name: str) -> str:
    if not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+", name):
        raise ValueError("write names such as rag.example.com, without scheme, port or *")
    return name


def _origin(origin: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/*]+", origin):
        raise ValueError("write origins such as https://chat.example, without path or *")
    return origin


class ServiceSettings(BaseSettings):
    """The variables of every service; each adds its own. A field's name in capitals is the variable."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; containers use 0.0.0.0.")
    port: int = Field(ge=0, le=65535, description="Port to listen on.")
    environment: Environment = Field("local", description="`local` logs text, the others log JSON.")
    log_level: LogLevel = Field("info", description="Least severe level that is logged.")
    api_key: SecretStr | None = Field(
        None,
        description="Bearer key that callers must send and services send each other; empty: none needed.",
    )
    api_keys_file: Path | None = Field(
        None,
        description="TOML file of callers' own keys, with names and limits, beside API_KEY; for containers "
        "it has to be keys/keys.toml. docs/operations.md says how to make one.",
    )
    require_key: bool = Field(False, description="`1` refuses to start without API_KEY.")
    allowed_hosts: Annotated[
        tuple[Annotated[str, AfterValidator(_host)], ...], NoDecode, BeforeValidator(_listed)
    ] = Field(
        (),
        description="Names under which the service may be called, separated by commas, beside localhost, "
        "its own in Compose and a cluster, and the address that it is called at; other names get a 421.",
    )
    allowed_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_listed)
    ] = Field(
        (),
        description="Origins of other web pages that may call and read, such as https://chat.example, "
        "separated by commas (CORS); empty: none.",
    )
    secrets_file: str = Field(
        "/run/secrets/dotenv",
        description="File of KEY=value lines, read if it exists; the environment overrides it.",
    )
    reload: bool = Field(
        False, description="`1` reloads the service each time its source is saved, for development."
    )
    max_body_bytes: int = Field(
        4 * 1024 * 1024,
        gt=0,
        description="Largest request body accepted, in bytes; by default llm-server accepts 33554432, for "
        "prompts with images.",
    )
    shutdown_grace_seconds: float = Field(
        3.0, ge=0, description="Seconds that requests in flight may take to finish at shutdown."
    )

    @field_validator("require_key")
    @classmethod
    def _has_key(cls, required: bool, info: ValidationInfo) -> bool:
        if required and not info.data.get("api_key"):
            raise ValueError("no API_KEY is set")
        return required

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that the user gave to this service."""
        return self.allowed_hosts


Settings = TypeVar("Settings", bound=ServiceSettings)


class CannotStart(Exception):
    """A service cannot start; the message says why and what to do, the process ends with `exit_code`."""

    exit_code: ClassVar[int] = 1

    def end_process(self) -> NoReturn:
        """Print the message and exit with `exit_code`."""
        print(f"Cannot start: {self}", file=sys.stderr)
        raise SystemExit(self.exit_code)


class SettingsError(CannotStart):
    """A variable is missing or invalid; the message has a sentence for each."""

    exit_code = 2

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. docs/configuration.md describes each variable.")


def read_settings(kind: type[Settings]) -> Settings:
    """Read `kind` from the environment; raises SettingsError, which names invalid variables, never values."""
    secrets_file = os.environ.get("SECRETS_FILE") or ServiceSettings.model_fields["secrets_file"].default
    try:
        return kind(_env_file=secrets_file)
    except ValidationError as error:
        lines = [f"{_variable(item['loc'])}: {item['msg']}" for item in error.errors()]
        raise SettingsError("; ".join(lines)) from None
    except PermissionError:
        raise SettingsError(f"SECRETS_FILE: {secrets_file} cannot be read by uid {os.getuid()}") from None


def settings_or_exit(kind: type[Settings]) -> Settings:
    """Read `kind`, or end the process with an error message and exit code 2."""
    try:
        return read_settings(kind)
    except SettingsError as error:
        error.end_process()


def _variable(loc: tuple[int | str, ...]) -> str:
    return str(loc[0]).upper() if loc else "settings"


def reveal(secret: SecretStr | None) -> str | None:
    """The secret's text, or None where it is unset."""
    return secret.get_secret_value() if secret else None


def secret_named(variable: str, secrets_file: str) -> str | None:
    """The value of a variable that no settings class has, from the environment or `secrets_file`."""
    return os.environ.get(variable) or dotenv_values(secrets_file).get(variable) or None


def bearer(secret: SecretStr | None) -> Mapping[str, str]:
    """The `Authorization` header for a call to another of these services; empty without a key."""
    key = reveal(secret)
    return {"authorization": f"Bearer {key}"} if key else {}
