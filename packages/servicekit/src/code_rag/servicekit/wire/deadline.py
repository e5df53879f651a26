"""How long a caller waits for an answer: one service's setting, which the services behind it follow."""

import re

HEADER = "x-deadline-seconds"
LONGEST = 3_600.0


def render(seconds: float) -> dict[str, str]:
    """The header that says how long this caller waits for the answer to start, or to continue."""
    return {HEADER: f"{seconds:g}"}


def parse(value: str | None) -> float | None:
    """The seconds in a header's value, an hour at most; None if it says nothing usable."""
    if value is None or not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", value):
        return None
    return min(float(value), LONGEST) or None
