"""The messages of a chat: who may speak, and what can be read."""

from collections.abc import Iterable, Sequence
from typing import Any

from code_rag.servicekit.errors import InvalidInput
from code_rag.servicekit.wire.chat import ChatMessage
from code_rag.servicekit.wire.constraints import VISIBLE_BESIDES_NUL

INSTRUCTORS = ("system", "developer")
_SPEAKERS = (*INSTRUCTORS, "user", "assistant")
_RESULTS = ("tool", "function")
_TEXTS = ("text", "refusal")
_PART = {"required": ["type"], "properties": {"type": {"enum": _TEXTS}}}
_SAYING: dict[str, Any] = {"type": "string"} | VISIBLE_BESIDES_NUL
_SAYING_PART = {"required": ["type", "text"], "properties": {"type": {"const": "text"}, "text": _SAYING}}
_SAID = {"anyOf": [_SAYING, {"type": "array", "contains": _SAYING_PART}]}
MESSAGE = {"properties": {"role": {"enum": _SPEAKERS}, "content": {"items": _PART}}}
"""JSON Schema of what `check` lets pass."""
QUESTION = {"required": ["content"], "properties": {"role": {"const": "user"}, "content": _SAID}}
"""JSON Schema of a message that asks something; it cannot say that the last of the user's has to be one."""


def check(messages: Sequence[ChatMessage]) -> None:
    """Raise InvalidInput, naming the first message or part that is not text of a known speaker."""
    for place, message in enumerate(messages):
        where = f"messages.{place}"
        if message.role in _RESULTS:
            raise _invalid(f"{where}.role", f"{message.role!r} is for results of tools; none is called here")
        if message.role not in _SPEAKERS:
            known = ", ".join(map(repr, _SPEAKERS))
            raise _invalid(f"{where}.role", f"there is no role {message.role!r}, only {known}")
        if isinstance(message.content, list):
            _check_parts(f"{where}.content", message.content)


def texts_of(messages: Iterable[ChatMessage], roles: Sequence[str]) -> list[str]:
    """The texts of the messages with one of these roles."""
    return [message.text() for message in messages if message.role in roles]


def instructions(messages: Iterable[ChatMessage]) -> str:
    """What system and developer messages ask for."""
    return "\n\n".join(text for text in map(str.strip, texts_of(messages, INSTRUCTORS)) if text)


def _check_parts(where: str, parts: Sequence[dict[str, Any]]) -> None:
    for place, part in enumerate(parts):
        kind = part.get("type")
        if kind not in _TEXTS:
            raise _invalid(f"{where}.{place}", f"parts of type {kind!r} cannot be read; send text")


def _invalid(where: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{where}: {problem}.", param=where)
