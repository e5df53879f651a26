"""Keeps answers that a model wrote, so that asking the same of the same code again costs no second call.

What counts as the same code are the places that the search finds and their text, in the index and on disk.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from code_rag.rag_server.answer import NO_MODEL, Answer, Asked
from code_rag.rag_server.answering import Answerer, Event
from code_rag.rag_server.citing.citations import ReadLines
from code_rag.rag_server.model import Hit, Scope
from code_rag.rag_server.searching import SearchResult


@dataclass(frozen=True, slots=True)
class AnswerKeeper:
    """Answers as the answerer does, from what it keeps where it can; the least recently used go first."""

    answerer: Answerer
    read_lines: ReadLines
    capacity: int
    _kept: OrderedDict[Hashable, Answer] = field(default_factory=OrderedDict)

    async def answer(self, asked: Asked, scope: Scope, limit: int, *, again: bool = False) -> Answer:
        """The answer that `stream` ends with."""
        events = [event async for event in self.stream(asked, scope, limit, again=again)]
        return next(event for event in events if isinstance(event, Answer))

    async def stream(
        self, asked: Asked, scope: Scope, limit: int, *, again: bool = False
    ) -> AsyncGenerator[Event, None]:
        """The answerer's events; where the answer is kept the search result and the answer only.

        With `again` the model is asked in any case. Raises as the answerer does.
        """
        key: Hashable = None
        async with aclosing(self.answerer.stream(asked, scope, limit)) as events:
            async for event in events:
                yield event
                if isinstance(event, SearchResult):
                    key = (asked, scope, limit, _places(event.hits))
                    if not again and (kept := await self._find(key, event)):
                        yield replace(kept, timings=event.timings)
                        return
                elif isinstance(event, Answer):
                    self._keep(key, event)

    async def _find(self, key: Hashable, found: SearchResult) -> Answer | None:
        """The kept answer, unless the search is degraded or a place has changed on disk."""
        kept = self._kept.get(key)
        if kept is None or found.degraded or not await asyncio.to_thread(self._is_current, found.hits):
            return None
        self._kept.move_to_end(key)
        return kept

    def _is_current(self, hits: Sequence[Hit]) -> bool:
        now = {path: self.read_lines(path) or () for path in {hit.chunk.path for hit in hits}}
        chunks = [hit.chunk for hit in hits]
        return all(
            list(now[chunk.path][chunk.start_line - 1 : chunk.end_line]) == chunk.text.split("\n")
            for chunk in chunks
        )

    def _keep(self, key: Hashable, answer: Answer) -> None:
        if answer.degraded or answer.model == NO_MODEL:
            return
        self._kept[key] = replace(answer, kept_since=datetime.now(UTC), usage=None)
        self._kept.move_to_end(key)
        while len(self._kept) > self.capacity:
            self._kept.popitem(last=False)


def _places(hits: Sequence[Hit]) -> Hashable:
    """Where the hits are and what stands there."""
    return tuple((hit.chunk.path, hit.chunk.start_line, hit.chunk.text) for hit in hits)
