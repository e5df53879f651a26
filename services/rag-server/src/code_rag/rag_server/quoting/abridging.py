"""Which lines of long comments and docstrings an excerpt leaves out, so that it has room for code."""

import re
from collections.abc import Collection, Iterator, Sequence

from code_rag.rag_server.quoting.wording import matched

KEPT = 3
"""Lines of a comment that are always shown: at most its first paragraph."""
WORTH_LEAVING_OUT = 3
"""Fewer lines in a row are not left out."""

_START = re.compile(r"\s*[rRuUbB]{0,2}(?P<mark>\"\"\"|'''|/\*)")
_ENDS = {"/*": "*/"}
_BLANK = re.compile(r"[\s*]*$")


def left_out(lines: Sequence[str], words: Collection[str]) -> set[int]:
    """The indices of lines of block comments after the first paragraph that have none of `words`."""
    hidden = set[int]()
    for first, last in _comments(lines):
        after = _first_paragraph(lines, first, last)
        run: list[int] = []
        for index in (*range(after, last + 1), None):
            if index is not None and not matched(words, lines[index]):
                run.append(index)
                continue
            hidden.update(run if len(run) >= WORTH_LEAVING_OUT else ())
            run = []
    return hidden


def _first_paragraph(lines: Sequence[str], first: int, last: int) -> int:
    """The index after the first paragraph of a comment, or after KEPT lines of it."""
    for index in range(first + 1, min(first + KEPT, last + 1)):
        if _BLANK.match(lines[index]):
            return index
    return min(first + KEPT, last + 1)


def _comments(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first and last index of each block comment or docstring of several lines."""
    index = 0
    while index < len(lines):
        if start := _START.match(lines[index]):
            end = _ENDS.get(start["mark"], start["mark"])
            first, rest = index, lines[index][start.end() :]
            while end not in rest and index + 1 < len(lines):
                index += 1
                rest = lines[index]
            if index > first:
                yield first, index
        index += 1
