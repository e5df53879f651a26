"""Completes an answer that broke off with another model's, where that one is the same so far.

A second answer is worth nothing to a caller who has the start of a first one, unless it repeats that start,
as it does where two servers run one model without randomness. Then its rest completes the first; any other
would be a text that nobody wrote.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from code_rag.llm_server.backends.base import Json

_TEXT_FIELDS = {"role", "content"}


class Differs(Exception):
    """The other answer is another one."""


class Written:
    """What a caller has of an answer."""

    def __init__(self) -> None:
        self.text = ""
        self.is_plain = True
        """Whether it is one text and nothing else, so that another answer can be compared with it."""
        self.id: object = None

    @property
    def started(self) -> bool:
        """Whether the caller has anything."""
        return self.id is not None

    def add(self, chunk: Json) -> Json:
        """Take note of a chunk; the chunk as a part of this answer."""
        if self.id is None:
            self.id = chunk.get("id") or ""
        for choice in _choices(chunk):
            self.is_plain = self.is_plain and _is_plain(choice)
            self.text += _text(choice)
        return chunk | {"id": self.id}


async def beyond(written: str, chunks: AsyncGenerator[Json]) -> AsyncGenerator[Json]:
    """The chunks from where their text goes on after `written`; raises Differs if it does not start so."""
    async with aclosing(chunks):
        async for chunk in chunks:
            if written:
                chunk, written = _rest(chunk, written)
            if not written:
                yield chunk


def _rest(chunk: Json, written: str) -> tuple[Json, str]:
    """The chunk without the text that is written, and what of that it leaves."""
    choices = _choices(chunk)
    for choice in choices:
        text = _text(choice)
        known = min(len(text), len(written))
        if not _is_plain(choice) or text[:known] != written[:known]:
            raise Differs
        written = written[known:]
        if written and choice.get("finish_reason"):
            raise Differs
        if text:
            choices = [choice | {"delta": choice["delta"] | {"content": text[known:]}}]
    return chunk | {"choices": choices}, written


def _choices(chunk: Json) -> list[dict[str, Any]]:
    choices = chunk.get("choices")
    return [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []


def _is_plain(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    fields = {name for name, value in delta.items() if value} if isinstance(delta, dict) else set()
    return choice.get("index", 0) == 0 and fields <= _TEXT_FIELDS


def _text(choice: dict[str, Any]) -> str:
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""
