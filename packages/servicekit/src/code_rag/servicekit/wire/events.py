"""Server-sent events with JSON data."""

from typing import Any

from code_rag.servicekit.wire.json_text import encode

DONE = "data: [DONE]\n\n"
"""The last event of OpenAI's streams."""


def event(data: dict[str, Any], name: str | None = None) -> str:
    """One event; OpenAI's streams leave `name` out."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {encode(data)}\n\n"
