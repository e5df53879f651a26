"""A place in a text that holds a secret, and the mark that takes its place."""

import re
from typing import NamedTuple

MARKER = re.compile(r"\[redacted: [A-Za-z0-9 -]{1,40}\]")
"""What stands in a redacted text for a secret."""


class Span(NamedTuple):
    """The secret itself, from `start` to before `end`; both in one line."""

    start: int
    end: int
    kind: str
    counts: bool = True
    """Whether it is a secret of its own, not one more line of the one before."""
