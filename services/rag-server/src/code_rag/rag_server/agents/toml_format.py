"""TOML, changed by tomlkit, which keeps comments, order and layout."""

import tomllib
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable

from code_rag.rag_server.agents.config_format import Entry, Unreadable


class TomlFormat:
    """TOML as Codex reads it."""

    def entries(self, text: str, container: str) -> dict[str, Any]:
        """The entries of a container by name."""
        found = _read(text).get(container, {})
        if not isinstance(found, dict):
            raise Unreadable(f"its {container!r} is not a table")
        return found

    def put(self, text: str, container: str, name: str, entry: Entry) -> str:
        """The text with this entry; a new one is a table at the end."""
        if name in self.entries(text, container):
            document = _parsed(text)
            document[container][name].update(entry)
            return tomlkit.dumps(document)
        table = tomlkit.table()
        table.update(entry)
        nested = tomlkit.document()
        nested.add(container, tomlkit.table(is_super_table=True).add(name, table))
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}{tomlkit.dumps(nested)}"

    def drop(self, text: str, container: str, name: str) -> str:
        """The text without the entry."""
        document = _parsed(text)
        tables = document[container]
        del tables[name]
        if isinstance(tables, AbstractTable) and not tables:
            del document[container]
        return tomlkit.dumps(document).rstrip("\n") + "\n" if document else ""

    def rest(self, text: str, container: str, name: str) -> Any:
        """Everything besides the entry."""
        data = _read(text)
        others = {key: value for key, value in data.pop(container, {}).items() if key != name}
        return data | ({container: others} if others else {}) or None


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"it is not valid TOML: {error}") from None


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise Unreadable(f"it is not valid TOML: {error}") from None
