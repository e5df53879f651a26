"""A file as it is indexed, put together from its chunks, and excerpts of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from code_rag.rag_server.chunking import uses_of
from code_rag.rag_server.chunking.outline import Outline
from code_rag.rag_server.model import Chunk, SourceFile
from code_rag.rag_server.quoting.excerpt import Excerpt, Run

WHOLE_LINES = 14
"""Of a longer function the first line is quoted, and the lines around the place."""
BEFORE, AFTER = 4, 3


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """The lines of a file, and the definitions in it."""

    path: str
    language: str
    chunks: Sequence[Chunk]
    lines: Sequence[str]
    outline: Outline

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Self:
        """Put a file together from its chunks, of which there is at least one."""
        path, language, digest = chunks[0].path, chunks[0].language, chunks[0].file_digest
        chunks = [chunk for chunk in chunks if chunk.file_digest == digest]
        lines = [""] * max(chunk.end_line for chunk in chunks)
        for chunk in chunks:
            lines[chunk.start_line - 1 : chunk.end_line] = chunk.text.split("\n")
        outline, _ = uses_of(SourceFile(path, "\n".join(lines), language, digest))
        return cls(path, language, chunks, lines, outline)

    def chunk_at(self, line: int) -> Chunk:
        """The chunk that a line is in."""
        inside = (chunk for chunk in self.chunks if chunk.start_line <= line <= chunk.end_line)
        return next(inside, self.chunks[0])

    def excerpt(self, line: int) -> Excerpt:
        """The function around a line; of a long one its first line, and those around the line."""
        around = self.outline.around(line - 1)
        first, last = (
            (around.start[0] + 1, around.end[0] + (around.end[1] > 0)) if around else (1, len(self.lines))
        )
        shown: tuple[Run, ...] = ((first, last),)
        if last - first >= WHOLE_LINES:
            start, end = max(first, line - BEFORE), min(last, line + AFTER)
            is_near = start <= first + 2
            shown = ((first if around and is_near else start, end),)
            if around and not is_near:
                shown = ((first, first), *shown)
        lines = tuple(self.lines[shown[0][0] - 1 : shown[-1][1]])
        name, kind = (around.name, around.kind) if around else ("", "")
        return Excerpt(self.path, shown[0][0], lines, shown, name, kind, self.language)
