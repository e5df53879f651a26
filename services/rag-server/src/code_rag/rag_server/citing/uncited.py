"""Finds what an answer claims without a citation."""

import re
from collections.abc import Iterator

from code_rag.servicekit.wire.markers import blank_code, marked

_SENTENCE = re.compile(r"(?<=[.!?])(?:[*_\"')]*)\s+(?=[^\W\d_a-z]|[`*\"'(])|(?<=[。！？])")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,3}[.)])[ \t]+")
_HEADING = re.compile(r" {0,3}#{1,6} |[ \t]*(?:[-*_=][ \t]*){3,}$")
_TABLE_RULE = re.compile(r"[ \t]*\|[-|: \t]+$")


def statements(answer: str) -> list[tuple[str, bool]]:
    """Each sentence outside of code, and whether it is cited: itself, or where its paragraph goes on.

    Headings, and what ends in a colon and announces what follows, state nothing.
    """
    found: list[tuple[str, bool]] = []
    for paragraph in _paragraphs(blank_code(answer)):
        cited = False
        for sentence in reversed(_sentences(paragraph)):
            cited = cited or marked(sentence)
            found.append((sentence, cited))
    return found


def note(answer: str) -> str:
    """One sentence on what an answer does not cite; empty if there is nothing."""
    found = statements(answer)
    missing = sum(not cited for _, cited in found)
    if not missing:
        return ""
    return f"{missing} of {len(found)} sentences cite{'s' if missing == 1 else ''} nothing"


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs and list items, each on one line."""
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        item = _LIST_ITEM.match(line)
        if lines and (item or not line.strip() or _HEADING.match(line)):
            yield " ".join(lines)
            lines = []
        if line.strip() and not _HEADING.match(line) and not _TABLE_RULE.match(line):
            lines.append(line[item.end() :] if item else line.strip())


def _sentences(paragraph: str) -> list[str]:
    parts: list[str] = []
    for part in _SENTENCE.split(paragraph):
        only_markers = not re.sub(r"\[[^\]]*\]|\W", "", part)
        if parts and only_markers:  # "It is so. [1]"
            parts[-1] += f" {part}"
        elif re.search(r"\w", part) and not part.rstrip().endswith((":", "：")):
            parts.append(part.strip())
    return parts
