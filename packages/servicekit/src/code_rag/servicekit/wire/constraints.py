"""What JSON Schema can say of a request that is checked elsewhere, so that its document allows no more."""

from typing import Any

VISIBLE = {"pattern": r"[^\s\x1c-\x1f\x85]"}
"""Text with a character that Python's `strip` leaves."""
VISIBLE_BESIDES_NUL = {"pattern": r"[^\s\x00\x1c-\x1f\x85]"}
"""The same for text of which NULs are dropped first."""


def exactly_one_of(**types: str) -> dict[str, Any]:
    """An object with one of these properties, each of its type; the others are absent or null."""
    return {"oneOf": [{"required": [name], "properties": {name: {"type": types[name]}}} for name in types]}
