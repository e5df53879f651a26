"""The lines to quote for a place: its chunk, grown by the best chunks next to it, below its signature."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from code_rag.rag_server.model import Chunk
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.quoting.file_text import COMMENT, FileText
from code_rag.rag_server.quoting.places import Place
from code_rag.rag_server.quoting.wording import matched

LINES = 48
"""Maximum lines of a place, without the signature of a definition that starts before them."""
ENOUGH = 20
"""With so many lines, what is next to the definition is only added if it is good by itself."""
GOOD = 0.5
"""At least this share of the place's own score."""


class Regions:
    """Excerpts of files that do not overlap.

    `scores` are those of the chunks that were looked at, by id; `words` the telling words of the question.
    """

    def __init__(
        self, files: Mapping[str, Sequence[Chunk]], scores: Mapping[str, float], words: Collection[str] = ()
    ) -> None:
        self._files = files
        self._scores = scores
        self._words = words
        self._taken: set[str] = set()

    def around(self, place: Place) -> Excerpt | None:
        """The excerpt around a place; None if it is in an earlier one."""
        if place.chunk.id in self._taken:
            return None
        text = FileText.of(self._files.get(place.chunk.path, ()), place.chunk, self._words)
        first, last = self._grown(text, text.chunks.index(place.chunk))
        region = text.chunks[first : last + 1]
        self._taken.update(chunk.id for chunk in region)
        excerpt = text.excerpt(place.chunk, region[0].start_line, region[-1].end_line)
        symbol = _subject(place.chunk, self._words)
        return excerpt if symbol == excerpt.symbol else replace(excerpt, symbol=symbol, kind="")

    def _grown(self, text: FileText, at: int) -> tuple[int, int]:
        """The indices of the first and last chunk; of two neighbours the better is next."""
        first = last = at
        while True:
            lines = text.count(text.chunks[first].start_line, text.chunks[last].end_line)
            next_to = [
                index
                for index in (first - 1, last + 1)
                if self._fits(text, first, last, index)
                and (lines < ENOUGH or self._belongs(text.chunks[at], text.chunks[index]))
            ]
            if not next_to:
                return first, last
            best = max(next_to, key=lambda index: self._rank(text.chunks[at], text.chunks[index]))
            first, last = min(first, best), max(last, best)

    def _belongs(self, chunk: Chunk, neighbour: Chunk) -> bool:
        """Whether a neighbour is of the same definition, its comment, or good by itself."""
        of_definition, score = self._rank(chunk, neighbour)
        return of_definition or _is_comment(neighbour) or score >= GOOD * self._scores.get(chunk.id, 0.0)

    def _rank(self, chunk: Chunk, neighbour: Chunk) -> tuple[bool, float]:
        """Chunks of the same definition come first, then those with the higher score."""
        same = neighbour.symbol == chunk.symbol or neighbour.symbol.startswith(f"{chunk.symbol}.")
        return bool(chunk.symbol) and same, self._scores.get(neighbour.id, 0.0)

    def _fits(self, text: FileText, first: int, last: int, index: int) -> bool:
        chunks = text.chunks
        if not 0 <= index < len(chunks) or chunks[index].id in self._taken:
            return False
        if index < first and chunks[first].symbol in chunks[first].symbols and not _is_comment(chunks[index]):
            return False  # it starts with its definition
        start, end = chunks[min(first, index)], chunks[max(last, index)]
        return text.count(start.start_line, end.end_line) <= LINES


def _subject(chunk: Chunk, words: Collection[str]) -> str:
    """The symbol that a chunk is quoted for: of several the one whose name has most of the telling words."""
    if chunk.symbol not in chunk.symbols:
        return chunk.symbol
    return max(chunk.symbols, key=lambda symbol: len(matched(words, symbol.rpartition(".")[2])))


def _is_comment(chunk: Chunk) -> bool:
    """Whether a chunk is a comment, probably on what follows."""
    return not chunk.symbols and all(COMMENT.match(line) for line in chunk.text.split("\n") if line.strip())
