"""The claims of an answer: what it says, and the markers that stand behind it."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from code_rag.servicekit.wire.markers import blank_code

_PARAGRAPH = re.compile(r"(?:^|\n)[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]+|\|)|\n[ \t]*\n")
_SENTENCE = re.compile(r"[.!?…][\"')*_\]]{0,4}\s|[。！？]")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[^\n]*\n(.*?)\n[ \t]*(?:`{3,}|~{3,})", re.DOTALL)
_LINE_NUMBER = re.compile(r" *\d+\| ?")
_WORD = re.compile(r"\w")
_GAP = "⋯"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, a part of one, or a title, with its markers and the code that is quoted below it."""

    text: str
    markers: frozenset[str]
    quote: tuple[str, ...] = ()
    """The lines of the quoted code that are not blank, without indentation and line numbers."""


def claims(answer: str, markers: Iterable[str]) -> Iterator[Claim]:
    """The claim of each run of markers; where nothing stands before the markers it is what follows."""
    known = "|".join(sorted(map(re.escape, set(markers)), key=len, reverse=True))
    if not known:
        return
    text = blank_code(answer)
    run = re.compile(rf"(?:{known})(?:[ ,;]*(?:{known}))*")
    starts = [0, *(found.end() for found in _PARAGRAPH.finditer(text))]
    ends = [*(found.start() for found in _PARAGRAPH.finditer(text)), len(text)]
    runs = [found.span() for found in run.finditer(text)]
    for at, (first, last) in enumerate(runs):
        paragraph = bisect_right(starts, first) - 1
        bounds = starts[paragraph], ends[paragraph]
        before = max(bounds[0], runs[at - 1][1] if at else 0)
        after = min(bounds[1], runs[at + 1][0] if at + 1 < len(runs) else len(text))
        start, end = _claim(text, (before, first), (last, after))
        found = frozenset(re.findall(known, text[first:last]))
        yield Claim(answer[start:end].strip(), found, _quote(answer, text, last, bounds))


def _claim(text: str, before: Span, after: Span) -> Span:
    """The last sentence before the markers that has a word; without one the first after them."""
    words = [found.start() for found in _WORD.finditer(text, *before)]
    if words:
        breaks = (found.end() for found in _SENTENCE.finditer(text, before[0], words[-1]))
        return max(breaks, default=before[0]), before[1]
    end = _SENTENCE.search(text, *after)
    return after[0], end.start() if end else after[1]


def _quote(answer: str, text: str, last: int, bounds: Span) -> tuple[str, ...]:
    """The code right below a paragraph that ends with markers."""
    if _WORD.search(text, last, bounds[1]):
        return ()
    found = _FENCE.match(answer, bounds[1])
    lines = found[1].split("\n") if found else []
    bare = (_LINE_NUMBER.sub("", line, count=1).strip() for line in lines)
    return tuple(line for line in bare if line and line != _GAP)
