"""Gathers what an answer is made of: the search's hits, and the excerpts that answer without a model."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.locating import Located, Locator
from code_rag.rag_server.model import Chunk, Hit, Scope
from code_rag.rag_server.overviewing import survey
from code_rag.rag_server.pasted import read
from code_rag.rag_server.pasted.telling import telling
from code_rag.rag_server.question_language import UNREAD
from code_rag.rag_server.quoting import Quoter, Quotes
from code_rag.rag_server.quoting.places import best_places
from code_rag.rag_server.quoting.spelling import respelled
from code_rag.rag_server.searching import Searcher, SearchResult
from code_rag.rag_server.stopwatch import Stopwatch

HITS = 30
"""How many hits are looked at for the answer, whatever the number that is shown."""
FILES = 8
"""How many of the first files are looked at again."""
NEARBY = 40
"""How many of their chunks."""
MODEL_CHARS = 2000
"""Of a longer question with something pasted a model reads what is searched for."""


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
        watch = Stopwatch()
        with watch.step("locate"):
            pasted = await asyncio.to_thread(read, asked.question)
            located = await Locator(self.searcher.store, scope).locate(pasted)
        searched = telling(asked.question, pasted, located.names)
        question, found = await self._search(searched, scope, max(limit, HITS))
        watch.timings.update(found.timings)
        with watch.step("quote"):
            quotes = located.leading(await self._answer(question, found, scope, located))
        if searched != asked.question and len(asked.question) <= MODEL_CHARS:
            question = asked.question
        return Gathered(self._leading(located, found, limit), quotes, watch.timings, question)

    async def _answer(self, question: str, found: SearchResult, scope: Scope, located: Located) -> Quotes:
        """The excerpts that answer a question beside what it pastes: an overview's, or the best ones."""
        store = self.searcher.store
        if located.is_whole:
            return not_found(found)
        if overview := await survey(question, scope, store, self.searcher.name_of):
            return overview
        return await self._quotes(question, found) if found.hits else not_found(found)

    def _leading(self, located: Located, found: SearchResult, limit: int) -> SearchResult:
        """The hits with the chunks that the question pastes before the others."""
        first = [
            Hit(chunk, 1.0, {"pasted": 1.0}, codebase=self.searcher.name_of(chunk.path))
            for chunk in located.chunks
        ]
        known = {chunk.id for chunk in located.chunks}
        hits = (*first, *(hit for hit in found.hits if hit.chunk.id not in known))
        return replace(found, hits=hits[:limit])

    async def _search(self, question: str, scope: Scope, limit: int) -> tuple[str, SearchResult]:
        """What is found for the question, or for what it means where a word of it is misspelled."""
        found = await self.searcher.search(question, scope, limit)
        meant = respelled(question, found.idf, (hit.chunk.text for hit in found.hits))
        if meant == question:
            return question, found
        return meant, await self.searcher.search(meant, scope, limit)

    async def _quotes(self, question: str, found: SearchResult) -> Quotes:
        """The best excerpts of the first files."""
        is_read = not any(reason.startswith(UNREAD) for reason in found.degraded)
        quoter = Quoter(question, found.idf, is_read)
        files = list(dict.fromkeys(hit.chunk.path for hit in found.hits))[:FILES]
        hits = [hit for hit in found.hits if hit.chunk.path in files]
        nearby = await self.searcher.nearest(found, files, NEARBY)
        places = await asyncio.to_thread(quoter.places, hits, nearby)
        whole = await self._whole([place.chunk.path for place in best_places(places)])
        return await asyncio.to_thread(quoter.quotes, places, whole)

    async def _whole(self, paths: Sequence[str]) -> dict[str, list[Chunk]]:
        """All chunks of files, by path."""
        files: dict[str, list[Chunk]] = {path: [] for path in paths}
        for chunk in await self.searcher.store.stored_chunks(list(files)):
            files[chunk.path].append(chunk)
        return files


def not_found(found: SearchResult) -> Quotes:
    """The answer where nothing was found, with what the search was missing."""
    unread = any(reason.startswith(UNREAD) for reason in found.degraded)
    what = "No word of the question is" if unread else "Not found"
    opening = " ".join((f"{what} in the indexed code.", *(f"({reason})" for reason in found.degraded)))
    return Quotes((), "unsure" if unread else "not_found", opening)
