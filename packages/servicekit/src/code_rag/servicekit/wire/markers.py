"""The citation markers of an answer: which block, and which of its lines, support a claim.

A marker is `[n]` for the whole of block n, `[n:a]` or `[n:a-b]` for its lines a to b, or several as `[1, 3]`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TARGET = r"[0-9]{1,9}(?::[0-9]{1,9}(?:-[0-9]{1,9})?)?"
_MARKER = rf"\[{_TARGET}(?:, ?{_TARGET})*\]"
# After a word, or a bracket that is not a marker, it is an index, as in `rows[0][1]`.
_MARKERS = re.compile(rf"(?<![\w\]])(?:{_MARKER})+")
_PARTS = re.compile(r"([0-9]+)(?::([0-9]+)(?:-([0-9]+))?)?")
_CODE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^[ \t]*(?P=fence)|\Z)"  # unclosed: to the end
    r"|``[^\n]+?``|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What one marker points to: lines of a block, or the whole block where `start` is None."""

    marker: str
    block: int
    start: int | None = None
    end: int | None = None


def marker(block: int, start: int | None = None, end: int | None = None) -> str:
    """The marker for lines `start` to `end` of `block`, for one line or for the whole block."""
    if start is None:
        return f"[{block}]"
    return f"[{block}:{start}]" if end in (None, start) else f"[{block}:{start}-{end}]"


def parse(answer: str) -> tuple[Reference, ...]:
    """The references of an answer in order, each once; brackets inside code are not markers."""
    runs = (run[0] for run in _MARKERS.finditer(blank_code(answer)))
    markers = (marker for run in runs for marker in re.findall(_MARKER, run))
    return tuple(dict.fromkeys(reference for marker in markers for reference in _references(marker)))


def marked(text: str) -> bool:
    """Whether a text without code has a marker."""
    return _MARKERS.search(text) is not None


def blank_code(answer: str) -> str:
    """The answer with spaces, and line ends, in place of code: each character stays where it is."""
    return _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), answer)


def _references(marker: str) -> Iterator[Reference]:
    for block, start, end in _PARTS.findall(marker):
        lines = (int(start), int(end or start)) if start else (None, None)
        yield Reference(marker, int(block), *lines)
