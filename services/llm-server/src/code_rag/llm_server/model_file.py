"""Reads the models of LLM_MODELS: names for models at any number of servers."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from code_rag.llm_server.model_entry import ModelEntry, Prices
from code_rag.servicekit.settings import SettingsError, Url

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)]


class _Table(BaseModel):
    """The fields of one `[models.NAME]`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    base_url: Url
    model: _Text | None = None
    key_variable: _Text | None = None
    key_header: _Header = "authorization"
    context_tokens: int | None = Field(None, gt=0)
    input_price: _Price | None = None
    output_price: _Price | None = None
    fallbacks: tuple[_Text, ...] = ()


def read_models(path: Path, secret: Callable[[str], str | None]) -> tuple[ModelEntry, ...]:
    """The file's models in its order; `secret` gives the value of a variable.

    Raises SettingsError with a sentence for what is wrong, which holds no value of the file.
    """
    tables = _tables(path)
    entries = tuple(_entry(name, table, secret) for name, table in tables.items())
    _check_fallbacks({entry.name: entry.fallbacks for entry in entries})
    return entries


def _tables(path: Path) -> Mapping[str, Any]:
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _wrong(f"{path} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"{path} is not valid TOML: {error}") from None
    tables = whole.pop("models", None)
    if whole:
        raise _wrong(f"{path} holds {min(whole)!r}, and nothing but tables [models.NAME] is read")
    if not isinstance(tables, dict) or not tables:
        raise _wrong(f"{path} describes no model: add a table [models.NAME] with a base_url")
    return tables


def _entry(name: str, table: object, secret: Callable[[str], str | None]) -> ModelEntry:
    if not name.strip():
        raise _wrong("a model has no name")
    try:
        read = _Table.model_validate(table)
    except ValidationError as error:
        raise _wrong("; ".join(f"models.{name}: {fault}" for fault in _faults(error))) from None
    key = secret(read.key_variable) if read.key_variable else None
    if read.key_variable and not key:
        raise _wrong(
            f"models.{name}: the key_variable {read.key_variable} is set neither in the environment nor in "
            "SECRETS_FILE"
        )
    return ModelEntry(
        name, read.base_url, read.model or name, key, read.key_header, read.context_tokens,
        _prices(name, read), read.fallbacks,
    )  # fmt: skip


def _prices(name: str, table: _Table) -> Prices | None:
    if table.input_price is None and table.output_price is None:
        return None
    if table.input_price is None or table.output_price is None:
        raise _wrong(f"models.{name}: give input_price and output_price, or neither")
    return Prices(table.input_price, table.output_price)


def _faults(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        place = ".".join(map(str, item["loc"]))
        if item["type"] == "extra_forbidden" and isinstance(item["input"], dict):
            yield f'a name with a dot needs quotes, as in [models."gpt-4.1"], or {place} is no table'
        elif item["type"] == "extra_forbidden":
            yield f"there is no field {place}; there are {', '.join(_Table.model_fields)}"
        elif item["type"] == "missing":
            yield f"{place} is missing"
        elif place == "base_url":
            yield "base_url must be a URL such as http://localhost:11434/v1"
        else:
            yield f"{place}: {item['msg']}" if place else "must be a table"


def _check_fallbacks(fallbacks: Mapping[str, tuple[str, ...]]) -> None:
    for name, others in fallbacks.items():
        for other in others:
            if other not in fallbacks:
                raise _wrong(f"models.{name}: there is no model {other!r} to fall back to")
    try:
        TopologicalSorter(fallbacks).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise _wrong(f"the fallbacks of models lead back to where they start: {circle}") from None


def _wrong(problem: str) -> SettingsError:
    return SettingsError(f"LLM_MODELS: {problem}")
