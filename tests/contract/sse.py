"""Reads server-sent events as a browser does."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

DONE = "[DONE]"


def events(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The events in `lines` as (name, JSON payload); comments are left out, OpenAI's [DONE] stays text."""
    name, data = "message", []
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and data:
            yield name, data[0] if data == [DONE] else json.loads("\n".join(data))
            name, data = "message", []
