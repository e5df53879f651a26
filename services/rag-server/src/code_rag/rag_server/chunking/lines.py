"""Where to split text without a known grammar: at blank lines and small indentation."""

from collections.abc import Sequence

_TAB = 4


def indentation_depths(lines: Sequence[str]) -> list[int]:
    """The depth of the boundary before each line: the line's indentation in columns."""
    return [_indentation(line) for line in lines]


def _indentation(line: str) -> int:
    text = line.expandtabs(_TAB)
    return len(text) - len(text.lstrip(" "))
