"""Introduces a codebase to somebody who has not seen it, from what is indexed of it."""

from dataclasses import dataclass, replace

from code_rag.rag_server.model import Scope
from code_rag.rag_server.overview.recognition import Asked
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overviewing import survey_topics
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.searching import Searcher

TOPICS = (
    Topic.PURPOSE,
    Topic.STRUCTURE,
    Topic.LANGUAGES,
    Topic.ENTRY,
    Topic.CONFIGURATION,
    Topic.TESTS,
)
"""What is said, in this order."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the code says about one topic."""

    topic: Topic
    quotes: Quotes


@dataclass(frozen=True, slots=True)
class Introduction:
    """The parts that are known, and what the index is missing."""

    parts: tuple[Part, ...]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Introducer:
    """Reads the store of the searcher."""

    searcher: Searcher

    async def introduce(self, scope: Scope) -> Introduction:
        """What is known of each topic, no place twice; raises the store's errors."""
        await self.searcher.refresh(scope.path)
        parts, seen = list[Part](), set[tuple[str, int]]()
        for topic in TOPICS:
            store, name_of = self.searcher.store, self.searcher.name_of
            quotes = await survey_topics([Asked(topic)], scope, store, name_of)
            if quotes is None:
                continue
            new = tuple(each for each in quotes.excerpts if _place(each) not in seen)
            seen.update(map(_place, new))
            if new or quotes.opening:
                parts.append(Part(topic, replace(quotes, excerpts=new)))
        degraded = list[str]()
        await self.searcher.note_index(bool(parts), scope, degraded)
        return Introduction(tuple(parts), tuple(degraded))


def _place(excerpt: Excerpt) -> tuple[str, int]:
    return excerpt.path, excerpt.start_line
