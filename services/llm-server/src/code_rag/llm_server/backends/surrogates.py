"""Halves of surrogate pairs, which many clients cannot read; JavaScript servers send them."""

import re
from collections.abc import Callable
from typing import Any

from code_rag.llm_server.backends.base import Json

_ENCODED = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_Path = tuple[object, ...]


def characters(answer: Json, encoded: bytes) -> Json:
    """`answer`, which was read from `encoded`, with a replacement character for each half without another."""
    return _mapped(answer, (), lambda text, _: _whole(text)) if _ENCODED.search(encoded) else answer


class HalfPairs:
    """Keeps the first half of a character until the chunk with the second one."""

    def __init__(self) -> None:
        self._kept: dict[_Path, str] = {}

    def joined(self, chunk: Json, encoded: bytes) -> Json:
        """`chunk`, which was read from `encoded`, less the half that ends a text, with the kept one."""
        return _mapped(chunk, (), self._join) if self._kept or _ENCODED.search(encoded) else chunk

    def _join(self, text: str, path: _Path) -> str:
        if not text:
            return text
        text = self._kept.pop(path, "") + text
        if "\ud800" <= text[-1] <= "\udbff":
            self._kept[path], text = text[-1], text[:-1]
        return _whole(text)


def _whole(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _mapped(value: Any, path: _Path, change: Callable[[str, _Path], str]) -> Any:
    """`value` with each text changed; paths use the `index` of what has one: choices, tool calls."""
    if isinstance(value, str):
        return change(value, path)
    if isinstance(value, dict):
        return {key: _mapped(item, (*path, key), change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, (*path, _place(item, at)), change) for at, item in enumerate(value)]
    return value


def _place(item: object, at: int) -> str:
    return str(item.get("index", at) if isinstance(item, dict) else at)
