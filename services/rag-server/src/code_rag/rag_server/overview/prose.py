"""Prose of a README and its like: its first paragraph, and its sections by title."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from code_rag.rag_server.chunking.markdown import markdown_structure

ROWS = 16
"""About how many rows are shown of one section."""
MOST_ROWS = 28
SHORT = 160
"""A paragraph with fewer characters is shown with the next one."""
FAR = 12
"""So many rows after a short paragraph the next one is no part of the introduction."""
MIN_WORDS = 4

_MARKUP = re.compile(
    r"<!--(?s:.*?)-->|<[^<>]*>"
    r"|!\[[^\]]*\]\([^)]*\)|!\[[^\]]*\]\[[^\]]*\]"
    r"|^\.\.[ \t].*(?:\n[ \t]+\S.*)*|^\|[\w -]+\|.*$"
    r"|^ {0,3}\[[^\]\n]+\]:[ \t].*$"
    r"|\[\s*\]\([^)]*\)|\[\s*\]\[[^\]]*\]",
    re.MULTILINE,
)
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])|https?://\S+")
_UNDERLINE = re.compile(r"([=\-~^#*+\"'`:._])\1{2,}")
_HEADER = re.compile(r"[A-Za-z][\w-]*: |\s+\S")
_FENCE = re.compile(r"\s*(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is below it, in rows `[first, end)`."""

    title: str
    level: int
    first: int
    end: int


def body(path: str, lines: Sequence[str]) -> list[str]:
    """The lines with the headers of package metadata blanked."""
    if not re.search(r"(?:^|/)(?:PKG-INFO|METADATA)$", path):
        return list(lines)
    end = next((row for row, line in enumerate(lines) if not _HEADER.match(line)), len(lines))
    return ["" if row < end else line for row, line in enumerate(lines)]


def sections(path: str, lines: Sequence[str]) -> list[Section]:
    """All sections, in order."""
    if re.search(r"\.(?:rst|txt)$", path):
        return _underlined(lines)
    _, found = markdown_structure(lines)
    starts = sorted(found, key=lambda each: each.start[0])
    return [
        Section(_plain(each.name), _level(lines, each.start[0]), each.start[0], each.end[0])
        for each in starts
    ]


def _level(lines: Sequence[str], row: int) -> int:
    marks = re.match(r" {0,3}(#+)", lines[row])
    return len(marks[1]) if marks else 1 + lines[row + 1].lstrip().startswith("-")


def _underlined(lines: Sequence[str]) -> list[Section]:
    """reStructuredText: a style of underline that comes later is a level further down."""
    heads, styles = list[tuple[int, str, int]](), list[str]()
    for row, (line, under) in enumerate(pairwise(lines)):
        mark = _UNDERLINE.fullmatch(under.rstrip())
        if mark and line.strip() and not line[0].isspace() and not _UNDERLINE.fullmatch(line.rstrip()):
            style = mark[1] + ("^" if row and lines[row - 1].rstrip() == under.rstrip() else "")
            if style not in styles:
                styles.append(style)
            heads.append((row, line.strip(), styles.index(style) + 1))
    ends = [
        next((row for row, _, other in heads[at + 1 :] if other <= level), len(lines))
        for at, (_, _, level) in enumerate(heads)
    ]
    return [
        Section(_plain(title), level, row, end) for (row, title, level), end in zip(heads, ends, strict=True)
    ]


def _plain(title: str) -> str:
    """A title without markup."""
    return " ".join(re.sub(r"[`*_]+|:\w+:", "", _LINK.sub(r"\1", _MARKUP.sub("", title))).split())


def introduction(path: str, lines: Sequence[str]) -> list[tuple[int, int]]:
    """The rows, both inclusive, of the first paragraphs that say something, as badges and links do not."""
    shown = _blanked(body(path, lines))
    rows, characters = list[tuple[int, int]](), 0
    for first, end in _paragraphs(shown):
        if rows and (_is_heading(shown, first) or first - rows[-1][1] > FAR):
            break
        listed = bool(rows) and lines[rows[-1][1]].rstrip().endswith(":")
        if listed or (any(map(_says, shown[first:end])) and not _is_heading(shown, first)):
            rows.append((first, min(end, first + MOST_ROWS) - 1))
            characters += sum(map(len, shown[first:end]))
            if characters >= SHORT and not lines[end - 1].rstrip().endswith(":"):
                break
    return rows


def shown_rows(lines: Sequence[str], section: Section) -> tuple[int, int]:
    """The first whole paragraphs of a section, both rows inclusive."""
    end, fenced = section.first, False
    for row in range(section.first, min(section.end, section.first + MOST_ROWS)):
        if not lines[row].strip() and not fenced and row - section.first >= ROWS:
            break
        fenced ^= bool(_FENCE.match(lines[row]))
        end = row if lines[row].strip() else end
    return section.first, end


def _blanked(lines: Sequence[str]) -> list[str]:
    """The lines, as many as before, without HTML, images, directives and link definitions."""
    text = _MARKUP.sub(lambda match: "\n" * match[0].count("\n"), "\n".join(lines))
    if lines and lines[0].strip() == "---":
        text = re.sub(
            r"\A---\n.*?\n---$", lambda match: "\n" * match[0].count("\n"), text, count=1, flags=re.S | re.M
        )
    return text.split("\n")


def _says(line: str) -> bool:
    """Whether a line is prose: words that are not only links."""
    return len(re.findall(r"[^\W\d_]{2,}", _LINK.sub("", line))) >= MIN_WORDS


def _is_heading(lines: Sequence[str], row: int) -> bool:
    below = lines[row + 1].rstrip() if row + 1 < len(lines) else ""
    title = row < len(lines) and lines[row].strip()
    return bool(title and (re.match(r" {0,3}#{1,6}\s", lines[row]) or _UNDERLINE.fullmatch(below)))


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Rows `[first, end)` of each paragraph; a heading is one by itself, code is left out."""
    fenced, first = False, -1
    for row, line in enumerate([*lines, ""]):
        fence = bool(_FENCE.match(line))
        ends = not line.strip() or fence or fenced or _is_heading(lines, row)
        if first >= 0 and ends:
            yield first, row
            first = -1
        if fence:
            fenced = not fenced
        elif not fenced and line.strip() and first < 0:
            first = row
            if _is_heading(lines, row):
                yield row, row + 1
                first = -1
