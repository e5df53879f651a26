"""Where to split Markdown: at headings, then at paragraphs, last inside fenced code."""

import re
from collections.abc import Sequence

from code_rag.rag_server.chunking.outline import Definition

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<title>.*?))?(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(?:(?P<first>=+)|-+)[ \t]*")
_NOT_A_TITLE = re.compile(r"\s*(?:[-+*>|#]|\d+[.)]\s|$)|(?: {4}|\t)")

_TEXT_DEPTH = 7
_FENCED_DEPTH = 8


def markdown_structure(lines: Sequence[str]) -> tuple[list[int], list[Definition]]:
    """The depth of the boundary before each line, and the sections with their line ranges."""
    depths = _fence_depths(lines)
    headings = []
    for row, line in enumerate(lines):
        if depths[row] == _TEXT_DEPTH and (heading := _heading(lines, row, line)):
            level, title = heading
            depths[row] = level
            headings.append((row, level, title))
    return depths, _sections(headings, len(lines))


def _fence_depths(lines: Sequence[str]) -> list[int]:
    """`_FENCED_DEPTH` if the line before is in the same fence or front matter, else `_TEXT_DEPTH`."""
    depths = []
    closing = re.compile(r"(?:---|\.\.\.)\s*") if lines and lines[0].rstrip() == "---" else None
    for row, line in enumerate(lines):
        depths.append(_FENCED_DEPTH if closing and row else _TEXT_DEPTH)
        if closing is None:
            opening = _FENCE.match(line)
            if opening and not ("`" in opening["fence"] and "`" in opening["info"]):
                fence = opening["fence"]
                closing = re.compile(rf" {{0,3}}{re.escape(fence)}{re.escape(fence[0])}*[ \t]*")
        elif row and closing.fullmatch(line):
            closing = None
    return depths


def _heading(lines: Sequence[str], row: int, line: str) -> tuple[int, str] | None:
    if match := _HEADING.fullmatch(line):
        return len(match["marks"]), match["title"] or ""
    underlined = _UNDERLINE.fullmatch(lines[row + 1]) if row + 1 < len(lines) else None
    starts_paragraph = row == 0 or not lines[row - 1].strip()
    if underlined and starts_paragraph and not _NOT_A_TITLE.match(line):
        return (1 if underlined["first"] else 2), line.strip()
    return None


def _sections(headings: Sequence[tuple[int, int, str]], count: int) -> list[Definition]:
    """Each heading's section extends to the next heading of its level or above."""
    sections = []
    ends = [count] * (_TEXT_DEPTH + 1)
    for row, level, title in reversed(headings):
        sections.append(Definition(title, "section", (row, 0), (ends[level], 0)))
        ends[level:] = [row] * (len(ends) - level)
    return sections
