"""What the file of keys says of one key."""

import tomllib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

MOST_KEYS = 1000  # each is compared at every request, and each name is a label in the metrics

NAME_RULE = "a name has up to 64 characters: a-z, 0-9, and after the first also - and _"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)]
PerMinute = Annotated[int, Field(strict=True, gt=0, le=10**12)]


class KeyEntry(BaseModel):
    """The table `[keys.NAME]`: a key's SHA-256 in hex, which is safe to keep as keys are long and random."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sha256: Digest
    requests_per_minute: PerMinute | None = None
    tokens_per_minute: PerMinute | None = None


class KeysInvalid(ValueError):
    """The file of keys cannot be used; the message is a sentence that says why, without a key."""


_ENTRIES = TypeAdapter(dict[Name, KeyEntry])


def parse(content: bytes) -> dict[str, KeyEntry]:
    """The entries of a TOML file by name; raises KeysInvalid. An empty table `[keys]` means no keys."""
    try:
        document = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise KeysInvalid("The file is not UTF-8.") from None
    except ValueError as error:
        raise KeysInvalid(f"The file is not TOML: {error}.") from None
    if set(document) != {"keys"}:
        raise KeysInvalid("The file must hold [keys.NAME] tables, and nothing beside them.")
    entries = _checked(document["keys"])
    if len(entries) > MOST_KEYS:
        raise KeysInvalid(f"The file has {len(entries):,} keys, and {MOST_KEYS:,} are the most.")
    names: dict[str, str] = {}
    for name, entry in entries.items():
        if (other := names.setdefault(entry.sha256, name)) != name:
            raise KeysInvalid(f"{other} and {name} are the same key: make one for each name.")
    return entries


def _checked(tables: object) -> dict[str, KeyEntry]:
    try:
        return _ENTRIES.validate_python(tables)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(["keys", *(str(part) for part in first["loc"] if part != "[key]")])
        said = NAME_RULE if "[key]" in first["loc"] else first["msg"]
        raise KeysInvalid(f"{place}: {said}.") from None
