"""The lines to quote for a place: its chunk, grown by the best chunks next to it, below its signature."""

import re
from collections.abc import Mapping, Sequence

from code_rag.rag_server.model import Chunk
from code_rag.rag_server.quoting.excerpt import Excerpt, Run
from code_rag.rag_server.quoting.places import Place

LINES = 36
"""Maximum lines of a place, without the signature of a definition that starts before them."""

_NAMES = re.compile(r"\w+")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|\"\"\"|'''|--)")


class Regions:
    """Excerpts of files that do not overlap; `scores` are those of chunks that were looked at, by id."""

    def __init__(self, files: Mapping[str, Sequence[Chunk]], scores: Mapping[str, float]) -> None:
        self._files = {path: sorted(each, key=lambda chunk: chunk.start_line) for path, each in files.items()}
        self._scores = scores
        self._taken: set[str] = set()

    def around(self, place: Place) -> Excerpt | None:
        """The excerpt around a place; None if it is in an earlier one."""
        if place.chunk.id in self._taken:
            return None
        chunks = [each for each in self._files.get(place.chunk.path, ()) if _same_version(each, place.chunk)]
        ids = [chunk.id for chunk in chunks]
        if place.chunk.id not in ids:  # the file was indexed again meanwhile
            chunks, ids = [place.chunk], [place.chunk.id]
        first, last = self._grown(chunks, ids.index(place.chunk.id))
        region = chunks[first : last + 1]
        self._taken.update(chunk.id for chunk in region)
        return _excerpt(place.chunk, region, _signature(place.chunk, chunks, region[0].start_line))

    def _grown(self, chunks: Sequence[Chunk], at: int) -> tuple[int, int]:
        """The indices of the first and last chunk; of two neighbours the better is next."""
        first = last = at
        while True:
            next_to = [index for index in (first - 1, last + 1) if self._fits(chunks, first, last, index)]
            if not next_to:
                return first, last
            best = max(next_to, key=lambda index: self._rank(chunks[at], chunks[index]))
            first, last = min(first, best), max(last, best)

    def _rank(self, chunk: Chunk, neighbour: Chunk) -> tuple[bool, float]:
        """Chunks of the same definition come first, then those with the higher score."""
        same = neighbour.symbol == chunk.symbol or neighbour.symbol.startswith(f"{chunk.symbol}.")
        return bool(chunk.symbol) and same, self._scores.get(neighbour.id, 0.0)

    def _fits(self, chunks: Sequence[Chunk], first: int, last: int, index: int) -> bool:
        if not 0 <= index < len(chunks) or chunks[index].id in self._taken:
            return False
        start, end = chunks[min(first, index)], chunks[max(last, index)]
        return end.end_line - start.start_line < LINES


def _same_version(one: Chunk, other: Chunk) -> bool:
    return one.file_digest == other.file_digest


def _signature(chunk: Chunk, chunks: Sequence[Chunk], before: int) -> tuple[int, str] | None:
    """Number and text of the line that defines what `chunk` belongs to, if that is before line `before`."""
    if chunk.kind == "section" or not (names := _NAMES.findall(chunk.symbol)):
        return None
    name = re.compile(rf"\b{re.escape(names[-1])}\b")
    for each in chunks:
        if chunk.symbol in each.symbols and each.start_line < before:
            for number, line in enumerate(each.text.split("\n"), each.start_line):
                if number < before and name.search(line) and not _COMMENT.match(line):
                    return number, line
    return None


def _excerpt(chunk: Chunk, region: Sequence[Chunk], signature: tuple[int, str] | None) -> Excerpt:
    """The region's lines, after the signature, with the lines between them left blank."""
    start, end = region[0].start_line, region[-1].end_line
    numbered = dict(enumerate([""] * (end - start + 1), start))
    for each in region:
        numbered.update(enumerate(each.text.split("\n"), each.start_line))
    shown: tuple[Run, ...] = ((start, end),)
    if signature:
        number, line = signature
        numbered[number] = line
        shown = ((number, end),) if number == start - 1 else ((number, number), *shown)
        start = min(start, number)
    lines = tuple(numbered.get(number, "") for number in range(start, end + 1))
    return Excerpt(chunk.path, start, lines, shown, chunk.symbol, chunk.kind, chunk.language)
