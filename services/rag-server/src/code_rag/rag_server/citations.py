"""Finds the citation markers of an answer and checks each against the evidence and the code as it is now.

A marker is `[n]` for the whole of block n, `[n:a]` or `[n:a-b]` for its lines a to b, or several as `[1, 3]`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.model import Citation
from code_rag.rag_server.prompting import Block

Lines = Sequence[str]
ReadLines = Callable[[str], Lines | None]
"""The lines of a file of the codebase as they are now; None where it is no longer there."""

_TARGET = r"[0-9]{1,9}(?::[0-9]{1,9}(?:-[0-9]{1,9})?)?"
_MARKER = rf"\[{_TARGET}(?:, ?{_TARGET})*\]"
# After a word or a bracket that is no marker it is an index, as in `rows[0][1]`.
_MARKERS = re.compile(rf"(?<![\w\]])(?:{_MARKER})+")
_PARTS = re.compile(r"([0-9]+)(?::([0-9]+)(?:-([0-9]+))?)?")
_CODE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^[ \t]*(?P=fence)|\Z)"  # unclosed, it reaches the end
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


def parse(answer: str) -> tuple[Reference, ...]:
    """The references of an answer in order, each once; brackets inside code are not markers."""
    prose = _CODE.sub(lambda code: " " * len(code[0]), answer)
    runs = (run[0] for run in _MARKERS.finditer(prose))
    markers = (marker for run in runs for marker in re.findall(_MARKER, run))
    return tuple(dict.fromkeys(reference for marker in markers for reference in _references(marker)))


def cite(answer: str, blocks: Sequence[Block], read_lines: ReadLines) -> tuple[Citation, ...]:
    """Each reference as a citation, verified where the evidence holds it and the file still reads so."""
    by_number = {block.number: block for block in blocks}
    references = parse(answer)
    cited = {by_number[r.block].path for r in references if r.block in by_number}
    now = {path: read_lines(path) for path in cited}
    return tuple(_citation(reference, by_number.get(reference.block), now) for reference in references)


def _references(marker: str) -> Iterator[Reference]:
    for block, start, end in _PARTS.findall(marker):
        lines = (int(start), int(end or start)) if start else (None, None)
        yield Reference(marker, int(block), *lines)


def _citation(reference: Reference, block: Block | None, now: Mapping[str, Lines | None]) -> Citation:
    if block is None:
        reason = f"there is no block {reference.block}"
        return Citation(reference.marker, "", 0, 0, verified=False, reason=reason)
    start = block.start_line if reference.start is None else reference.start
    end = block.end_line if reference.end is None else reference.end
    reason = _objection(block, start, end, now[block.path])
    return Citation(reference.marker, block.path, start, end, verified=not reason, reason=reason)


def _objection(block: Block, start: int, end: int, now: Lines | None) -> str:
    """Why lines `start` to `end` of the block prove nothing; empty where they do."""
    if end < start:
        return f"lines {start}-{end} run backwards"
    if start < block.start_line or end > block.end_line:
        return f"block {block.number} holds lines {block.start_line}-{block.end_line} only"
    if now is None:
        return "the file is no longer there"
    evidence = block.lines[start - block.start_line : end - block.start_line + 1]
    if tuple(now[start - 1 : end]) != evidence:
        return "the file has changed since it was indexed"
    return ""
