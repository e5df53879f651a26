"""Where to cut text of no known grammar: at blank lines and small indentation."""

from collections.abc import Sequence

_TAB = 4


def indentation_depths(lines: Sequence[str]) -> list[int]:
    """How deep the boundary before each line lies, by the line's indentation in columns."""
    return [_indentation(line) for line in lines]


def _indentation(line: str) -> int:
    text = line.expandtabs(_TAB)
    return len(text) - len(text.lstrip(" "))
