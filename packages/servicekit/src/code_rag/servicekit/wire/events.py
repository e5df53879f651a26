"""Server-sent events with JSON data."""

import json
from typing import Any

DONE = "data: [DONE]\n\n"
"""The last event of OpenAI's streams."""


def event(data: dict[str, Any], name: str | None = None) -> str:
    """One event; OpenAI's streams leave `name` out."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n"
