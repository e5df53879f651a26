"""Settings, read once from the environment when the service starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

PREFIX = "ORDERS_"


class BadConfiguration(Exception):
    """A variable is missing, unknown or has a value that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """Each field is read from the variable `ORDERS_<FIELD IN CAPITALS>`."""

    database_url: str
    payment_url: str = "http://payment-worker:8090"
    broker_url: str = "nats://broker:4222"
    request_timeout_seconds: float = 3.0
    pool_size: int = 10
    log_level: str = "info"

    def __post_init__(self) -> None:
        if self.request_timeout_seconds <= 0:
            raise BadConfiguration(f"{PREFIX}REQUEST_TIMEOUT_SECONDS must be more than zero")
        if not 1 <= self.pool_size <= 100:
            raise BadConfiguration(f"{PREFIX}POOL_SIZE must be 1 to 100, not {self.pool_size}")


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Build the settings, or raise `BadConfiguration` naming the variable at fault.

    A variable with our prefix that no setting reads is an error too: it is nearly always a typo,
    and a typo that is ignored is found in production.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    kinds = {field.name: field.type for field in fields(Settings)}
    for name in given:
        if name not in kinds:
            raise BadConfiguration(f"{PREFIX}{name.upper()} is not a setting of this service")
    if "database_url" not in given:
        raise BadConfiguration(f"{PREFIX}DATABASE_URL is not set")
    return Settings(**{name: _convert(name, kinds[name], value) for name, value in given.items()})


def _convert(name: str, kind: object, text: str) -> object:
    convert = {int: int, float: float}.get(kind, str)  # type: ignore[call-overload]
    try:
        return convert(text)
    except ValueError as error:
        raise BadConfiguration(f"{PREFIX}{name.upper()} must be a number, not {text!r}") from error
