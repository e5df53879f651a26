"""An excerpt: the lines of one place that an answer quotes."""

from collections.abc import Iterator
from dataclasses import dataclass

from code_rag.rag_server.model import Chunk
from code_rag.servicekit.wire.evidence import Block

Run = tuple[int, int]
"""The numbers of the first and the last of some consecutive lines."""

CLOSE = 30
"""Runs with at most so many lines from the end of one to the start of the next are cited as one."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Consecutive lines of a file, and which of them are quoted."""

    path: str
    start_line: int
    lines: tuple[str, ...]
    """All lines from the first that is quoted to the last."""
    shown: tuple[Run, ...]
    """The quoted lines, in order, apart from each other; the first starts at `start_line`."""
    symbol: str = ""
    kind: str = ""
    """What it is: function, class, method, section, ..."""
    language: str = ""

    def block(self, number: int) -> Block:
        """All its lines as evidence."""
        return Block(number, self.path, self.start_line, self.lines, self.symbol, self.language)

    def cited(self) -> tuple[Run, ...]:
        """The runs of lines to cite: those with few lines between them as one."""
        runs = [self.shown[0]]
        for first, last in self.shown[1:]:
            if first - runs[-1][1] <= CLOSE:
                runs[-1] = (runs[-1][0], last)
            else:
                runs.append((first, last))
        return tuple(runs)

    def chunk(self) -> Chunk:
        """The longest of the runs that it cites as a chunk that is in no index."""
        first, last = max(self.cited(), key=lambda run: run[1] - run[0])
        text = "\n".join(self.lines[first - self.start_line : last - self.start_line + 1])
        place = self.path, self.language, first, last
        return Chunk(f"{self.path}:{first}", *place, self.symbol, self.kind, text, "", 1)

    def quoted(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Each run of quoted lines, with the number of its first line."""
        for first, last in self.shown:
            yield first, self.lines[first - self.start_line : last - self.start_line + 1]
