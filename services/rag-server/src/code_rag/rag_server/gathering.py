"""Gathers what an answer is made of: the search's hits, and the excerpts that answer without a model."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.model import Chunk, Hit, Scope
from code_rag.rag_server.question_language import UNREAD
from code_rag.rag_server.quoting import Quotes, quote
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.stopwatch import Stopwatch

FILES = 5
"""How many of the first files are read whole."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found for a question."""

    found: SearchResult
    quotes: Quotes
    timings: Mapping[str, float]
    question: str
    """The question as it was understood."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Searches, then looks at the first files again."""

    searcher: Searcher

    async def gather(self, asked: Asked, scope: Scope, limit: int) -> Gathered:
        """What the code says about a question; raises the store's errors."""
        question = asked.question
        found = await self.searcher.search(question, scope, limit)
        if not found.hits:
            return Gathered(found, not_found(found), found.timings, question)
        watch = Stopwatch(dict(found.timings))
        with watch.step("quote"):
            files = await self._first_files(found.hits)
            quotes = await asyncio.to_thread(quote, question, found.hits, files)
        return Gathered(found, quotes, watch.timings, question)

    async def _first_files(self, hits: Sequence[Hit]) -> dict[str, list[Chunk]]:
        """All chunks of the first files, by path."""
        paths = list(dict.fromkeys(hit.chunk.path for hit in hits))[:FILES]
        files: dict[str, list[Chunk]] = {path: [] for path in paths}
        for chunk in await self.searcher.store.stored_chunks(paths) if paths else ():
            files[chunk.path].append(chunk)
        return files


def not_found(found: SearchResult) -> Quotes:
    """The answer where nothing was found, with what the search was missing."""
    unread = any(reason.startswith(UNREAD) for reason in found.degraded)
    what = "No word of the question is" if unread else "Not found"
    opening = " ".join((f"{what} in the indexed code.", *(f"({reason})" for reason in found.degraded)))
    return Quotes((), "not_found", opening)
