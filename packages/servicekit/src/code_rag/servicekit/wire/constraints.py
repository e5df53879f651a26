"""What a request may hold, as JSON Schema says it, so that our documents allow what we accept and no more."""

from typing import Annotated, Any

from pydantic import BeforeValidator


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""An integer as JSON has it: 8.0 is one, for a strict model too."""
WholeNumber = Annotated[int, WHOLE]

VISIBLE = {"pattern": r"[^\s\x1c-\x1f\x85]"}
"""Text with a character that Python's `strip` leaves."""
VISIBLE_BESIDES_NUL = {"pattern": r"[^\s\x00\x1c-\x1f\x85]"}
"""The same for text of which NULs are dropped first."""


def exactly_one_of(**types: str) -> dict[str, Any]:
    """An object with one of these properties, each of its type; the others are absent or null."""
    return {"oneOf": [{"required": [name], "properties": {name: {"type": types[name]}}} for name in types]}
