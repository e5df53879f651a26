"""The lines of a file, put together from its chunks, of which an excerpt quotes some."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.model import Chunk
from code_rag.rag_server.quoting.abridging import left_out
from code_rag.rag_server.quoting.excerpt import Excerpt, Run

_NAMES = re.compile(r"\w+")
COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|\"\"\"|'''|--)")
"""How a line starts that is a comment, or the beginning of a docstring."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The chunks of one version of a file, in order, and its lines by number."""

    chunks: Sequence[Chunk]
    lines: Mapping[int, str]
    """Without the blank ones between chunks."""
    hidden: Collection[int]
    """The numbers of lines that are left out of excerpts."""

    @classmethod
    def of(cls, chunks: Sequence[Chunk], wanted: Chunk, words: Collection[str]) -> "FileText":
        """The file that `wanted` is a chunk of; only that chunk, if the file was indexed again meanwhile."""
        same = [chunk for chunk in chunks if chunk.file_digest == wanted.file_digest]
        ordered = sorted(same if wanted in same else [wanted], key=lambda chunk: chunk.start_line)
        lines = {
            number: line
            for chunk in ordered
            for number, line in enumerate(chunk.text.split("\n"), chunk.start_line)
        }
        start = ordered[0].start_line
        whole = [lines.get(number, "") for number in range(start, ordered[-1].end_line + 1)]
        return cls(ordered, lines, {start + index for index in left_out(whole, words)})

    def count(self, first: int, last: int) -> int:
        """How many lines of a range are shown."""
        return sum(number not in self.hidden for number in range(first, last + 1))

    def excerpt(self, chunk: Chunk, first: int, last: int) -> Excerpt:
        """Lines `first` to `last` around a chunk, below the signature of the definition that they are in."""
        shown = self._shown(first, last)
        signature = self._signature(chunk, first)
        if signature is not None:
            is_above = signature == first - 1
            shown = ((signature, shown[0][1]), *shown[1:]) if is_above else ((signature, signature), *shown)
        start = shown[0][0]
        lines = tuple(self.lines.get(number, "") for number in range(start, last + 1))
        return Excerpt(chunk.path, start, lines, shown, chunk.symbol, chunk.kind, chunk.language)

    def _shown(self, first: int, last: int) -> tuple[Run, ...]:
        """The range without the lines that are left out."""
        runs: list[Run] = []
        for number in range(first, last + 1):
            if number in self.hidden:
                continue
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        return tuple(runs) or ((first, last),)

    def _signature(self, chunk: Chunk, before: int) -> int | None:
        """The number of the line before `before` that defines what `chunk` is a later part of, if any."""
        names = _NAMES.findall(chunk.symbol)
        if chunk.kind == "section" or not names or chunk.symbol in chunk.symbols:
            return None
        name = re.compile(rf"\b{re.escape(names[-1])}\b")
        defining = (each for each in self.chunks if chunk.symbol in each.symbols)
        numbers = (number for each in defining for number in range(each.start_line, each.end_line + 1))
        return next((number for number in numbers if number < before and self._defines(number, name)), None)

    def _defines(self, number: int, name: re.Pattern[str]) -> bool:
        line = self.lines.get(number, "")
        return name.search(line) is not None and not COMMENT.match(line)
