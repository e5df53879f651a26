"""A file that an overview reads, and excerpts of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from code_rag.rag_server.model import Chunk
from code_rag.rag_server.quoting.excerpt import Excerpt, Run

MAX_ROWS = 28
"""How many lines of one place are shown."""

LIBRARY = "library"
"""The kind of an excerpt that shows what a library gives to its users, where no program starts."""


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of a file, as its chunks have them."""

    path: str
    language: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Self:
        """The file of these chunks; only blank lines are in no chunk."""
        lines = [""] * max(chunk.end_line for chunk in chunks)
        for chunk in chunks:
            lines[chunk.start_line - 1 : chunk.end_line] = chunk.text.split("\n")
        return cls(chunks[0].path, chunks[0].language, tuple(lines))

    @property
    def name(self) -> str:
        """The base name."""
        return PurePosixPath(self.path).name

    def excerpt(
        self, rows: Iterable[tuple[int, int]] | None, symbol: str = "", kind: str = ""
    ) -> Excerpt | None:
        """These rows, both inclusive, as far as they are not too many; None without any."""
        runs, left = list[Run](), MAX_ROWS
        for first, last in sorted(rows or ()):
            if runs and first < runs[-1][1]:
                continue  # inside the run before
            if left <= 0:
                break
            shown = (first + 1, min(last, first + left - 1) + 1)
            if runs and shown[0] == runs[-1][1] + 1:
                shown = (runs.pop()[0], shown[1])
            runs.append(shown)
            left -= last - first + 1
        if not runs:
            return None
        start, end = runs[0][0], runs[-1][1]
        return Excerpt(
            self.path, start, self.lines[start - 1 : end], tuple(runs), symbol, kind, self.language
        )
