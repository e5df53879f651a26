"""Answers a question by quoting: the lines of the first hits that say most about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.answer import AnswerState
from code_rag.rag_server.model import Chunk, Hit
from code_rag.rag_server.quoting.excerpt import Excerpt

PLACES = 3
LINES = 12


@dataclass(frozen=True, slots=True)
class Quotes:
    """The excerpts that answer a question best, whether they do, and a sentence where that is in doubt."""

    excerpts: tuple[Excerpt, ...]
    state: AnswerState = "answered"
    opening: str = ""


def quote(question: str, hits: Sequence[Hit], files: Mapping[str, Sequence[Chunk]]) -> Quotes:
    """At most three excerpts of the hits and of all chunks of the first files."""
    excerpts = []
    for hit in hits[:PLACES]:
        chunk = hit.chunk
        lines = tuple(chunk.text.split("\n")[:LINES])
        shown = ((chunk.start_line, chunk.start_line + len(lines) - 1),)
        excerpts.append(
            Excerpt(chunk.path, chunk.start_line, lines, shown, chunk.symbol, chunk.kind, chunk.language)
        )
    return Quotes(tuple(excerpts), "answered" if excerpts else "not_found")
